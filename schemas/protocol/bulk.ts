import { type Static, Type } from 'typebox';
import { JobError, Time, Wording } from './shape.ts';

/** What bulk work does to each job of its selection: `retry` makes delayed jobs due, `export` writes dead letters into a file. The selection of `cancel-runs` is of runs. */
export const bulkActions = ['replay', 'discard', 'cancel', 'retry', 'cancel-runs', 'export'] as const;
export type BulkAction = (typeof bulkActions)[number];

/** `json`: one array, as `sluice dead export` prints it. `jsonl`: one dead letter a line. */
export const exportFormats = ['json', 'jsonl'] as const;
export type ExportFormat = (typeof exportFormats)[number];

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
  state: Type.Enum(bulkStates, { description: '`running` and `taking-back` continue by themselves, across restarts of the daemon too; `held` waits for `bulk/continue`.' }),
  startedAt: Time,
  endedAt: Type.Optional(Time),
  total: Type.Integer({ description: 'The number of selected jobs; with `cancel-runs`, of runs.' }),
  done: Type.Integer({ description: 'How many were replayed, discarded, cancelled, made due or exported.' }),
  skipped: Type.Integer({ description: 'How many were in another state or deleted when their turn came, or, of a replay, wait for a run with a job that it replays too.' }),
  edited: Type.Integer({ description: 'Of a replay: how many were sent with a saved edit. Of an export: how many have one, which is their `payload` in the file.' }),
  takenBack: Type.Integer({ description: 'Of a replay that was cancelled: how many are dead letters again.' }),
  canary: Type.Optional(Type.Integer({ description: 'It stops after this many and waits (`held`).' })),
  rate: Type.Optional(Type.String()),
  lastDueAt: Type.Optional({ ...Time, description: 'With `rate`: when the last job that was replayed so far is due.' }),
  file: Type.Optional(Type.String({ description: 'Of an export: the file, absolute. It exists when the work is `done`.' })),
  reason: Type.Optional(Type.String()),
  problem: Type.Optional(Type.String()),
  problemWording: Wording,
});
export type BulkView = Static<typeof BulkView>;

/** What has become of jobs that were replayed. The counts add up to the jobs that are still there. */
export const ReplayTally = Type.Object({
  succeeded: Type.Integer(),
  dead: Type.Integer({ description: 'Dead letters again, or taken back.' }),
  takenBack: Type.Optional(Type.Integer({ description: 'With `bulk/tally`: how many of `dead` were taken back before an attempt, by any command.' })),
  active: Type.Integer({ description: 'With an active attempt.' }),
  retrying: Type.Integer({ description: 'An attempt has failed, and another will follow.' }),
  waiting: Type.Integer({ description: 'Not attempted yet.' }),
  cancelled: Type.Integer(),
  discarded: Type.Integer(),
  lastDueAt: Type.Optional({ ...Time, description: 'When the last waiting job is due, for its first or a further attempt.' }),
  error: Type.Optional(JobError),
});
export type ReplayTally = Static<typeof ReplayTally>;
