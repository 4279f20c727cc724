import { type Static, Type } from 'typebox';
import { HeldBy, Lack, RateShape } from './queue.ts';
import { JobError, JobId, RunId, Time } from './shape.ts';

/**
 * What keeps something from going on, or that nothing does:
 *
 * - of the daemon: `store` (it can't be written), `stopping`, `moving` (jobs of the queue are being moved), `machine` (as many attempts as the machine may make);
 * - of a queue: `paused`, `held`, `lacking`, `concurrency`, `rate`, `connection` (its rate or concurrency, over all queues, is used up), `failing` (no attempt succeeds), `full` (`max-depth`), `empty`, `free`;
 * - of a job: `ahead` (others come first), `next` (nothing is in its way), `retry`, `spread` (replayed with a rate), `time`, `signal`, `child` (it waits for a run), `active`, `dead`, `ended`;
 * - of a run: `gate` (others with its `concurrency` key), `held-items`, `making` (its jobs are still being made), `needs` (steps wait for others), `ended`;
 * - of a schedule: `schedule-paused`, `due`, `missed`, `problem`; of a delivery: `refused`.
 */
export const waitCauses = [
  'store', 'stopping', 'moving', 'machine', 'paused', 'held', 'lacking', 'concurrency', 'rate', 'connection', 'failing', 'full', 'empty', 'free', 'ahead', 'next', 'retry', 'spread', 'time', 'signal', 'child', 'active',
  'dead', 'ended', 'gate', 'held-items', 'making', 'needs', 'schedule-paused', 'due', 'missed', 'problem', 'refused',
] as const;

/** Jobs before a job, at most, that are counted. */
export const maxCountedAhead = 10_000;

/** One cause of a wait. */
export const WaitCause = Type.Object({
  kind: Type.Enum(waitCauses),
  queue: Type.Optional(Type.String()),
  step: Type.Optional(Type.String({ description: 'Of a run: the step that waits for it.' })),
  job: Type.Optional({ ...JobId, description: 'Of a run: a job that waits for it, the last one of its step.' }),
  run: Type.Optional({ ...RunId, description: 'With `child`, `gate`: a run that has to end first. With `signal`, `held-items`, `dead`: the run itself.' }),
  name: Type.Optional(Type.String({ description: 'With `signal`: what is waited for. With `connection`: its name. With `needs`: steps that have not ended, separated by commas. With `ended`: the state.' })),
  since: Type.Optional({ ...Time, description: 'With `store`: since when it can not be written. With `active`: when the attempt began.' }),
  until: Type.Optional({ ...Time, description: 'When it ends by itself; missing if something has to happen first.' }),
  estimated: Type.Optional(Type.Literal(true, { description: '`until` follows from how fast the queue goes.' })),
  limit: Type.Optional(Type.Integer({ description: 'With `concurrency`, `full`: the limit. With `connection`: its concurrency, if that is used up.' })),
  count: Type.Optional(Type.Integer({ description: `With \`ahead\`: jobs that come first, counted to ${maxCountedAhead}. With \`gate\`, \`dead\`, \`failing\`, \`active\`, \`missed\`: how many.` })),
  rate: Type.Optional({ ...RateShape, description: 'With `rate`, `connection`: the one that is used up the longest.' }),
  rates: Type.Optional(Type.Array(RateShape, { description: 'With `rate`, present if several hold together: all of them.' })),
  heldBy: Type.Optional(HeldBy),
  lack: Type.Optional(Lack),
  error: Type.Optional(Type.Object(JobError.properties, { description: 'With `retry`, `dead`: how the last attempt failed.' })),
  problem: Type.Optional(Type.String({ description: 'What is wrong, for a person.' })),
});
export type WaitCause = Static<typeof WaitCause>;

/** A part of the time that a job has had. */
export const JobSpan = Type.Object({
  kind: Type.Enum(['waited', 'attempt', 'retry', 'dead'] as const, { description: '`waited`: due, or not yet due, before an attempt. `retry`: between an attempt that did not succeed and the next. `dead`: until it was replayed.' }),
  from: Time,
  to: Time,
  attempt: Type.Optional(Type.Integer()),
  cause: Type.Optional(Type.String({ description: 'With `attempt`: how it failed.' })),
});
export type JobSpan = Static<typeof JobSpan>;

export const whyKinds = ['job', 'run', 'step', 'queue', 'schedule', 'delivery'] as const;

/** Why something waits. */
export const Why = Type.Object({
  id: Type.String(),
  kind: Type.Enum(whyKinds),
  state: Type.String({ description: 'As everywhere else; of a queue: `waiting`, `active` or `empty`.' }),
  causes: Type.Array(WaitCause, { description: 'What has to change first comes first. Never empty.' }),
  spans: Type.Optional(Type.Array(JobSpan, { description: 'Of a job: what has become of its time so far, the oldest first.' })),
});
export type Why = Static<typeof Why>;
