import { type Rate, ratesOf } from '../../schemas/workflow/rate.ts';
import { keptForMs, type RateUse, RateWindows } from '../core/rate-windows.ts';
import type { Book } from './book.ts';
import type { ClaimParams } from './call.ts';
import { keptQueueOf } from './queue-orders.ts';

/**
 * How long ahead of its start a job of a queue with a rate is claimed at most, in milliseconds: about what a claim takes, so that it is on disk and known by then.
 */
export const sharedLeadMs = 25;

/** What the limits of a queue let one claim take. */
export interface Allowance {
  readonly limit: number;
  /** When each may start, and is recorded to. Undefined: the queue has no rate. */
  readonly startAts?: readonly number[];
  /** Of rates that daemons share: the times are of the store's clock. */
  readonly shared?: {
    readonly rates: readonly Rate[];
    /** What that clock says now. */
    readonly now: number;
    /** After that long each counts, if nobody says what has become of it. */
    readonly unseenMs: number;
    /** Starts within the windows that end now. */
    readonly used: readonly RateUse[];
  };
  /** Starts before that time matter no longer. */
  readonly forgetBefore?: number;
  /** After that long they may let more start, in milliseconds; undefined: something has to happen first. */
  readonly nextInMs?: number;
}

/**
 * What a queue lets start now whose jobs several daemons claim: its pause, its hold, its concurrency and its rate count over all of them. It is decided by the store's
 * clock, while nobody else can decide it. Of each rate it is the window that one daemon alone would have in memory, made again of the starts that the store knows; so what it
 * promises is the same.
 */
export function sharedAllowance(book: Book, queueId: number, { limit, now: asked }: ClaimParams): Allowance {
  const { paused, hold, definition, ...orders } = keptQueueOf(book.fact('sharedLimits', queueId));
  if (paused) return { limit: 0 };
  const now = book.fact('storeTime', asked);
  if (hold !== undefined && hold.until > now) return { limit: 0, nextInMs: hold.until - now };
  // A concurrency that nobody has asked for is each daemon's own, so that another machine brings places.
  const concurrency = orders.concurrency ?? definition?.concurrency;
  const free = concurrency === undefined ? limit : Math.min(limit, concurrency - book.fact('activeIn', queueId));
  if (free <= 0) return { limit: 0 };
  const rate = orders.rate ?? definition?.rate;
  const rates = rate === 'none' ? [] : ratesOf(rate);
  if (rates.length === 0) return { limit: free };

  const windows = new RateWindows(rates);
  windows.recall(book.fact('lastStarts', queueId, { limit: mostStarts(rates) }));
  const used = windows.used(now);
  const startAts: number[] = [];
  let next = windows.nextStart(now);
  while (startAts.length < Math.min(free, windows.fewest) && next <= now + sharedLeadMs) {
    windows.take(next);
    startAts.push(next);
    next = windows.nextStart(now);
  }
  return { limit: startAts.length, startAts, shared: { rates, now, unseenMs: windows.unseenMs, used }, forgetBefore: now - keptForMs(rates), nextInMs: next - now };
}

/** How many of the last starts decide what these rates let start. */
export function mostStarts(rates: readonly Rate[]): number {
  return Math.max(...rates.map(({ limit }) => limit));
}
