import type { JobDetail, WaitsFor } from '../../schemas/protocol/job.ts';
import type { Lack } from '../../schemas/protocol/queue.ts';
import type { JobSpan, WaitCause } from '../../schemas/protocol/why.ts';
import { isJobEnded } from '../../schemas/protocol/id.ts';

/** How the queue of a job stands. */
export interface QueueStanding {
  /** What keeps all of its jobs, in the order in which that has to go. */
  readonly causes: readonly WaitCause[];
  /** Milliseconds that each job takes of the queue's time, as measured or as its rate allows; undefined if that isn't known. */
  readonly msPerJob?: number;
}

export interface JobStanding {
  readonly job: JobDetail;
  readonly queue: QueueStanding;
  /** What this daemon lacks to start it. */
  readonly lack?: Lack;
  /** Why its connection lets it not start; undefined if it isn't in the way. */
  readonly connection?: WaitCause;
  /** Pending jobs that come first. */
  readonly ahead: number;
  readonly now: number;
}

/** Kinds of causes that hold for as long as there is work: behind them, the place in the line says when it is over. */
export const paceKinds: ReadonlySet<WaitCause['kind']> = new Set(['concurrency', 'machine', 'rate', 'connection']);

/** The ordered causes for which a job waits. */
export function whyJob(standing: JobStanding): readonly WaitCause[] {
  const { job, now } = standing;
  if (job.state === 'active') {
    const since = job.attempts.at(-1)?.startedAt;
    return [{ kind: 'active', job: job.id, count: 1, ...(since === undefined ? {} : { since }) }];
  }
  if (job.state === 'dead') return [{ kind: 'dead', job: job.id, count: 1, ...(job.error === undefined ? {} : { error: job.error }) }];
  if (isJobEnded(job.state)) return [{ kind: 'ended', name: job.state }];
  if (job.waitsFor !== undefined) return [outsideOf(job, job.waitsFor)];
  const own = job.state === 'delayed' && Date.parse(job.dueAt) > now ? [delayOf(job)] : [];
  return [...own, ...inLine(standing, own)];
}

/** What it waits for that has left its place in the queue. */
function outsideOf({ id, run }: JobDetail, { kind, signal, run: child, until }: WaitsFor): WaitCause {
  const ends = until === undefined ? {} : { until };
  switch (kind) {
    case 'time':
      return { kind: 'time', job: id, ...ends };
    case 'signal':
      return { kind: 'signal', job: id, run, ...(signal === undefined ? {} : { name: signal }), ...ends };
    case 'run':
      return { kind: 'child', job: id, ...(child === undefined ? {} : { run: child }) };
  }
}

/** Why it isn't due. An attempt of its present round tells of a failure; else a replay has spread it out, or its queue has put it off. */
function delayOf({ id, dueAt, replays = 0, attempts, error }: JobDetail): WaitCause {
  const last = attempts.at(-1);
  const isTried = last !== undefined && last.round === replays + 1;
  const failure = last?.error ?? error;
  return isTried || replays === 0 ? { kind: 'retry', job: id, until: dueAt, count: attempts.length, ...(failure === undefined ? {} : { error: failure }) } : { kind: 'spread', job: id, until: dueAt };
}

function inLine({ job, queue, lack, connection, ahead, now }: JobStanding, own: readonly WaitCause[]): readonly WaitCause[] {
  const dueAt = own.length === 0 ? now : Date.parse(job.dueAt);
  // A hold that ends before the job is due is not in its way.
  const blocking = queue.causes.filter(({ kind, until }) => !paceKinds.has(kind) && !(until !== undefined && Date.parse(until) <= dueAt));
  const missing: readonly WaitCause[] = lack === undefined ? [] : [{ kind: 'lacking', queue: job.queue, lack }];
  if (own.length > 0) return [...blocking, ...missing];
  // Jobs of other connections may pass, so what holds this one comes first.
  const pace = [...(connection === undefined ? [] : [connection]), ...queue.causes.filter(({ kind }) => paceKinds.has(kind))];
  const isFree = blocking.length + missing.length === 0;
  const isTurn = ahead === 0 && pace.length === 0;
  const turn = ahead > 0 ? [lineOf(queue, { ahead, now, isFree })] : isFree && isTurn ? [{ kind: 'next', job: job.id, queue: job.queue } as const] : [];
  return [...blocking, ...missing, ...pace, ...turn];
}

function lineOf({ msPerJob }: QueueStanding, { ahead, now, isFree }: { readonly ahead: number; readonly now: number; readonly isFree: boolean }): WaitCause {
  // As long as something stops the queue, nobody knows.
  if (msPerJob === undefined || !isFree) return { kind: 'ahead', count: ahead };
  return { kind: 'ahead', count: ahead, until: new Date(now + ahead * msPerJob).toISOString(), estimated: true };
}

/** What has become of a job's time: how long it waited, what each attempt took, and how long it was until the next. */
export function spansOf({ createdAt, attempts, state, endedAt }: Pick<JobDetail, 'createdAt' | 'attempts' | 'state' | 'endedAt'>, now: number): readonly JobSpan[] {
  const spans: JobSpan[] = [];
  let from = createdAt;
  let round = 1;
  for (const attempt of attempts) {
    const kind = attempt.number === 1 ? 'waited' : attempt.round > round ? 'dead' : 'retry';
    if (attempt.startedAt > from) spans.push({ kind, from, to: attempt.startedAt });
    const to = attempt.endedAt ?? new Date(now).toISOString();
    spans.push({ kind: 'attempt', from: attempt.startedAt, to, attempt: attempt.number, ...(attempt.error === undefined ? {} : { cause: attempt.error.cause }) });
    from = to;
    ({ round } = attempt);
  }
  const isOver = isJobEnded(state) || attempts.at(-1)?.endedAt === undefined;
  const to = isOver && endedAt !== undefined ? endedAt : new Date(now).toISOString();
  if (attempts.length === 0 || (!isOver && to > from)) spans.push({ kind: attempts.length === 0 ? 'waited' : 'retry', from, to });
  return spans;
}
