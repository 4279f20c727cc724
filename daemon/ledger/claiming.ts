import type { Book } from './book.ts';
import type { ClaimedJob, ClaimParams, ClaimResult } from './call.ts';
import { cancelWaiting, isCancelling } from './cancelling.ts';
import { ConnectionGate, type Passage } from './connection-gate.ts';
import { soleDaemon, type StepOfVersion } from './daemons.ts';
import { endHold } from './queue-orders.ts';
import type { LedgerJob } from './row.ts';
import { type Allowance, sharedAllowance } from './shared-limits.ts';
import type { DueJob } from './snapshot.ts';
import { endDueWaits } from './waiting.ts';

/** Jobs of cancelled steps that one claim clears away, at most: a million of them must not keep other queues waiting. */
const maxCancelled = 1000;
/** Delayed jobs that one decision makes pending, at most. */
const maxPromoted = 5000;
/** What is later than this was kept from being due on time, and not just by a slow transaction, in milliseconds. */
const lateMs = 1000;

/** Makes due jobs `active`: by priority, due time, age. `promote` comes first, see `preludeOf`. */
export function claim(book: Book, params: ClaimParams): ClaimResult {
  const queueId = book.fact('knownQueue', params.queue);
  if (queueId === undefined || params.limit <= 0) return { jobs: [] };
  const { limit, startAts, shared, forgetBefore, nextInMs } = params.shared === true ? sharedAllowance(book, queueId, params) : ownAllowance(params);
  const next = nextInMs === undefined ? {} : { nextInMs };
  const used = shared === undefined ? {} : { rateUses: shared.used };
  if (limit <= 0) return { jobs: [], ...next, ...used };
  const gate = new ConnectionGate(book, params);
  const due = chosen(book, queueId, { limit, passing: params.passing ?? [], gate });
  if (due.some(({ job: { pace } }) => pace !== null) && endHold(book, queueId, params.now)) {
    book.askAgain();
    return { jobs: [] };
  }

  book.need('stepInfo', due.map(({ job: { step_id } }) => step_id));
  const jobs: ClaimedJob[] = [];
  for (const { job, start, place } of due) {
    const kind = book.fact('cascade', job.step_id);
    if (isCancelling(kind)) {
      cancelWaiting(book, job, kind, params.now);
      continue;
    }
    const startAt = startAts?.[jobs.length];
    const inMs = Math.max(startAt === undefined ? 0 : startAt - (shared?.now ?? params.now), place?.start?.inMs ?? 0);
    // Few have a pace, so the others aren't made to write it.
    book.move(job, 'claim', {
      attempt: job.attempt + 1,
      started_at: Math.floor(params.now + inMs),
      ...(job.pace === null ? {} : { pace: null }),
      ...(book.daemon === soleDaemon ? {} : { daemon: book.daemon }),
    });
    // A job that was returned before its start may be claimed for the same instant again.
    if (startAt !== undefined) {
      const counted = shared === undefined ? {} : { counted_at: startAt + shared.unseenMs };
      book.insert('rate_starts', { queue_id: queueId, at: startAt, job_id: job.id, attempt: job.attempt + 1, ...counted }, 'keep');
    }
    if (start !== undefined) book.insert('connection_starts', { connection: start.name, at: start.at, job_id: job.id, attempt: job.attempt + 1, counted_at: start.countedAt }, 'keep');
    jobs.push(claimedJob(book, job, place));
  }
  for (const { name, before } of gate.forgettable) book.write({ kind: 'forget_connection_starts', connection: name, before });
  if (forgetBefore !== undefined && jobs.length > 0) book.write({ kind: 'forget_starts', queueId, before: forgetBefore });
  const met = gate.standings.length === 0 ? {} : { connections: gate.standings };
  if (shared === undefined || startAts === undefined) return { jobs, ...next, ...met };
  const starts = { rates: shared.rates, inMs: startAts.slice(0, jobs.length).map((at) => at - shared.now) };
  // Where there were fewer jobs, the next one that comes needn't wait.
  return { jobs, starts, ...met, rateUses: shared.used.map(({ rate, used: before }) => ({ rate, used: before + jobs.length })), ...(jobs.length < startAts.length ? {} : next) };
}

/** The limits are those of the one daemon that there is, and it has looked at them. */
function ownAllowance({ limit, now, startAts, keepStartsMs }: ClaimParams): Allowance {
  return { limit, ...(startAts === undefined ? {} : { startAts }), ...(keepStartsMs === undefined ? {} : { forgetBefore: now - keepStartsMs }) };
}

interface Chosen extends Passage {
  readonly job: DueJob;
}

/**
 * The next pending jobs that may be claimed, until there are `limit` of them, or many are to be cancelled. Those of the steps that are passed over stay where they are, and so do those whose
 * connection lets nothing more start: the jobs behind them needn't wait for it.
 */
function chosen(book: Book, queueId: number, { limit, passing, gate }: { readonly limit: number; readonly passing: readonly StepOfVersion[]; readonly gate: ConnectionGate }): readonly Chosen[] {
  const taken = new Map<number, Chosen>();
  let free = 0;
  let cancelled = 0;
  for (let asked = limit; ; ) {
    const held = gate.held;
    const due = passing.length + held.length === 0 ? book.fact('due', queueId, { limit: asked }) : book.fact('dueBut', JSON.stringify([queueId, passing, held]), { limit: asked });
    book.need('cascade', due.map(({ step_id }) => step_id));
    for (const job of due) {
      if (free === limit || cancelled >= maxCancelled) break;
      if (taken.has(job.id)) continue;
      const isCancelled = isCancelling(book.fact('cascade', job.step_id));
      const passage = isCancelled ? {} : gate.pass(job.connection);
      if (passage === undefined) continue;
      if (isCancelled) cancelled++;
      else free++;
      taken.set(job.id, { job, ...passage });
    }
    if (due.length < asked || free === limit || cancelled >= maxCancelled) return [...taken.values()];
    // Behind jobs of a connection that is held now there may be others.
    if (gate.held.length === held.length) asked = Math.max(asked * 2, limit + cancelled + 100);
  }
}

function claimedJob(book: Book, job: DueJob, place: Passage['place']): ClaimedJob {
  const { runId, name, version } = book.fact('stepInfo', job.step_id);
  return {
    jobId: job.id,
    runId,
    step: name,
    version,
    createdAt: job.created_at,
    dueAt: job.due_at,
    attempt: job.attempt + 1,
    tries: job.tries,
    throttles: job.throttles,
    round: job.round,
    revision: job.revision,
    ...(job.progress === null ? {} : { progress: job.progress }),
    payload: job.payload,
    ...(job.secrets === null ? {} : { secrets: job.secrets }),
    ...(place === undefined ? {} : { connection: place }),
  };
}

/**
 * Delayed jobs that are due become pending, and waits whose time has come end. Jobs of one replay with a rate keep their distances, whatever kept the first of them from being due on
 * time (no daemon, a machine that slept, a queue that was paused or held): all that are still to come are put off by as much.
 */
export function promote(book: Book, { now }: { readonly now: number }): void {
  const nextDue = book.fact('nextDue', 0);
  if (nextDue === undefined || nextDue > now) return;
  const due = book.fact('overdue', now, { limit: maxPromoted });
  const late = latePaces(due, now);
  for (const [pace, byMs] of late) book.write({ kind: 'put_off', pace, byMs });
  endDueWaits(book, due.filter(({ state }) => state === 'waiting'), now);
  for (const job of due) {
    if (job.state === 'waiting') continue;
    const dueAt = job.due_at + (job.pace === null ? 0 : (late.get(job.pace) ?? 0));
    if (dueAt <= now) book.move(job, 'due');
  }
  book.effects.touchDelayed();
}

/** By how much the replays with a rate are late. */
function latePaces(due: readonly LedgerJob[], now: number): ReadonlyMap<number, number> {
  const late = new Map<number, number>();
  for (const { pace, due_at: dueAt } of due) if (pace !== null && dueAt < now - lateMs && !late.has(pace)) late.set(pace, now - dueAt);
  return late;
}
