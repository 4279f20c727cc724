import { type Static, Type } from 'typebox';
import { JobError, Time } from './shape.ts';

/** What bulk work does to each job of its selection: `retry` makes delayed jobs due. The selection of `cancel-runs` is of runs. */
export const bulkActions = ['replay', 'discard', 'cancel', 'retry', 'cancel-runs'] as const;
export type BulkAction = (typeof bulkActions)[number];

/**
 * - `running`: it continues by itself, over restarts of the daemon too.
 * - `held`: it has done its canary, and waits for `bulk/continue` or `bulk/cancel`.
 * - `taking-back`: it was cancelled, and what no attempt has reached becomes a dead letter again.
 * - `done`, `cancelled`: it has ended.
 * - `failed`: a fault of Sluice has ended it; `problem` says which.
 */
export const bulkStates = ['running', 'held', 'taking-back', 'done', 'cancelled', 'failed'] as const;
export type BulkState = (typeof bulkStates)[number];

export function isBulkEnded(state: BulkState): boolean {
  return state === 'done' || state === 'cancelled' || state === 'failed';
}

/** Ids that one `bulk/start` takes: with the longest ids that there can be in years, they fit into a message. */
export const maxBulkIds = 50_000;

export const BulkId = Type.String({ pattern: '^b[1-9][0-9]{0,15}$', description: 'Bulk work: `b3`.' });

export function formatBulkId(id: number): string {
  return `b${id}`;
}

/** The number of `b3`; undefined for anything else. */
export function parseBulkId(text: string): number | undefined {
  return /^b[1-9][0-9]{0,15}$/.test(text) ? Number(text.slice(1)) : undefined;
}

/** Work on many jobs, or runs, which were selected when it began. `done` and `skipped` add up to what it has come to; the rest of `total` is as it was. */
export const BulkView = Type.Object({
  id: BulkId,
  action: Type.Enum(bulkActions),
  state: Type.Enum(bulkStates, { description: '`running` and `taking-back` continue by themselves, over restarts of the daemon too; `held` waits for `bulk/continue`.' }),
  startedAt: Time,
  endedAt: Type.Optional(Time),
  total: Type.Integer({ description: 'Jobs that were selected; of `cancel-runs`: runs.' }),
  done: Type.Integer({ description: 'How many were replayed, discarded, cancelled, or made due.' }),
  skipped: Type.Integer({ description: 'How many were in another state, or gone, when their turn came.' }),
  edited: Type.Integer({ description: 'Of a replay: how many went out with a saved edit.' }),
  takenBack: Type.Integer({ description: 'Of a replay that was cancelled: how many are dead letters again.' }),
  canary: Type.Optional(Type.Integer({ description: 'It holds when it has come to this many.' })),
  rate: Type.Optional(Type.String()),
  lastDueAt: Type.Optional({ ...Time, description: 'With `rate`: when the last of those that were replayed so far is due.' }),
  reason: Type.Optional(Type.String()),
  problem: Type.Optional(Type.String()),
});
export type BulkView = Static<typeof BulkView>;

/** What has become of jobs that were replayed. The counts add up to the jobs that are still there. */
export const ReplayTally = Type.Object({
  succeeded: Type.Integer(),
  dead: Type.Integer({ description: 'Dead letters again, or taken back.' }),
  takenBack: Type.Optional(Type.Integer({ description: 'Of `bulk/tally`: how many of `dead` were taken back before an attempt, by whatever did it.' })),
  active: Type.Integer({ description: 'An attempt is under way.' }),
  retrying: Type.Integer({ description: 'An attempt has failed since, and another follows.' }),
  waiting: Type.Integer({ description: 'No attempt yet.' }),
  cancelled: Type.Integer(),
  discarded: Type.Integer(),
  lastDueAt: Type.Optional({ ...Time, description: 'When the last of those that wait, for a first or another attempt, is due.' }),
  error: Type.Optional(JobError),
});
export type ReplayTally = Static<typeof ReplayTally>;
