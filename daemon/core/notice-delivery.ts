import type { Notice, PastNotice, ReceiverBook } from './alert-notice.ts';

/** How long one attempt to deliver may take, in milliseconds. */
export const attemptMs = 20_000;
/** The waits between attempts, in milliseconds; the last one repeats. */
const waitsMs = [10_000, 30_000, 60_000, 5 * 60_000, 15 * 60_000, 30 * 60_000, 60 * 60_000];
const longestWaitMs = 60 * 60_000;
/** A notice that could not be delivered for so long is given up, in milliseconds: its receiver gets the next one, if anything has changed. */
export const giveUpAfterMs = 24 * 60 * 60_000;
/** Notices that are kept of a receiver when they have ended. */
export const maxPast = 20;
/** Items that are kept of each. */
const maxPastItems = 3;

/** How an attempt has ended. `retryAfterMs`: as the receiver has asked. */
export type DeliveryOutcome = { readonly ok: true } | { readonly ok: false; readonly problem: string; readonly retryAfterMs?: number };

/** When the notice on its way may be tried; undefined if there is none. In wall time, maybe now. */
export function deliveryDueAt<Facts>({ outgoing }: ReceiverBook<Facts>, now: number): number | undefined {
  // A wall clock that was set back makes no wait longer.
  return outgoing === undefined ? undefined : outgoing.dueAt > now + longestWaitMs + attemptMs ? now : outgoing.dueAt;
}

/** An attempt begins. To be kept before anything is sent: if nobody says what came of it, the next one comes after the wait of one that has failed. */
export function beginAttempt<Facts>(book: ReceiverBook<Facts>, now: number): ReceiverBook<Facts> {
  const { outgoing } = book;
  if (outgoing === undefined) return book;
  const attempts = outgoing.attempts + 1;
  return { ...book, outgoing: { ...outgoing, attempts, dueAt: now + attemptMs + waitAfter(attempts) } };
}

/**
 * What was under way when the process ended that had the store for itself: nobody sends it now, so it isn't waited for until its time limit would have been over. It may have arrived, and has the
 * same id the second time.
 */
export function recoverAttempt<Facts>(book: ReceiverBook<Facts>, now: number): ReceiverBook<Facts> {
  const { outgoing } = book;
  return outgoing === undefined ? book : { ...book, outgoing: { ...outgoing, dueAt: Math.min(outgoing.dueAt, now + waitAfter(outgoing.attempts)) } };
}

/** An attempt has ended. A notice that another daemon has settled meanwhile stays as it is. */
export function settleAttempt<Facts>(book: ReceiverBook<Facts>, id: string, now: number, outcome: DeliveryOutcome): ReceiverBook<Facts> {
  const { outgoing } = book;
  if (outgoing?.id !== id) return book;
  if (outcome.ok) return ended(book, outgoing, now, undefined);
  if (now - outgoing.madeAt >= giveUpAfterMs) return ended(book, outgoing, now, outcome.problem);
  const waitMs = Math.max(waitAfter(outgoing.attempts), Math.min(outcome.retryAfterMs ?? 0, longestWaitMs));
  return { ...book, outgoing: { ...outgoing, dueAt: now + waitMs, failure: { problem: outcome.problem, since: outgoing.failure?.since ?? now } } };
}

function ended<Facts>({ outgoing: _outgoing, ...book }: ReceiverBook<Facts>, { id, madeAt, attempts, items, count }: Notice<Facts>, now: number, problem: string | undefined): ReceiverBook<Facts> {
  const past: PastNotice<Facts> = { id, madeAt, endedAt: now, attempts, items: items.slice(0, maxPastItems), count, ...(problem === undefined ? {} : { problem }) };
  return { ...book, past: [past, ...book.past].slice(0, maxPast) };
}

/** How long after so many attempts the next one waits; none after none. */
function waitAfter(attempts: number): number {
  return attempts === 0 ? 0 : (waitsMs[attempts - 1] ?? longestWaitMs);
}
