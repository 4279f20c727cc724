import { Type, type TSchema } from 'typebox';
import { bulkActions, BulkId, BulkView, exportFormats, maxBulkIds, ReplayTally } from './bulk.ts';
import { DeadGroup, JobDetail, JobSummary, maxReason } from './job.ts';
import { closed, JobId, Name, Next, Page, RunId, Time, Where } from './shape.ts';

/** Which jobs are meant: all conditions have to hold. */
export const selection = {
  ids: Type.Optional(Type.Array(JobId, { minItems: 1, maxItems: 1000 })),
  all: Type.Optional(Type.Boolean({ description: 'All that the other conditions let through.' })),
  queue: Type.Optional(Name),
  run: Type.Optional(RunId),
  where: Where,
};

const Group = Type.Optional(Type.String({ maxLength: 1000, description: 'Of this group, as `dead/groups` tells it.' }));
/** Which dead letters are listed. */
const deadConditions = { queue: Type.Optional(Name), run: Type.Optional(RunId), step: Type.Optional(Name), where: Where, group: Group };
/** Which dead letters are acted on. */
const deadSelection = { ...selection, group: Group, dryRun: Type.Optional(Type.Boolean({ description: 'Only says how many are meant.' })) };
/** How many a selection has found. */
const Selected = Type.Integer({ description: 'Number selected. Items that stopped being dead letters in the meantime are left out of the others.' });

/** What is done with dead letters, one by one or many at a time, and with many jobs or runs in bulk: a part of `methods`. */
export const deadLetterMethods = {
  'bulk/start': {
    params: Type.Object(
      {
        action: Type.Enum(bulkActions, { description: 'Dead letters are replayed or discarded, jobs that have not ended are cancelled, delayed jobs are made due, runs are cancelled, dead letters are exported to a file.' }),
        ...deadSelection,
        ids: Type.Optional(Type.Array(JobId, { minItems: 1, maxItems: maxBulkIds })),
        runs: Type.Optional(Type.Array(RunId, { minItems: 1, maxItems: maxBulkIds, description: 'Of `cancel-runs`, and instead of all other conditions.' })),
        asOf: Type.Optional({ ...Time, description: 'Only what was like that by then: dead letters that had died, jobs that had been made. What a person has seen.' }),
        canary: Type.Optional(Type.Integer({ minimum: 1, description: 'The oldest N first; then it is `held` until `bulk/continue`.' })),
        rate: Type.Optional(Type.String({ maxLength: 100, description: 'Of a replay: spreads them out: `10/min`.' })),
        originals: Type.Optional(Type.Boolean({ description: 'Of a replay: as of `dead/replay`.' })),
        reason: Type.Optional(Type.String({ maxLength: maxReason, description: 'Why; of a discard it is kept with each job, as `discardReason`.' })),
        file: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, description: 'Of an export, required: an absolute path on the machine of the daemon. `conflict` if the file exists.' })),
        format: Type.Optional(Type.Enum(exportFormats, { description: 'Of an export: `json` (the default), one array; `jsonl`, one dead letter a line.' })),
        overwrite: Type.Optional(Type.Boolean({ description: 'Of an export: replace the file if it exists.' })),
      },
      closed,
    ),
    result: Type.Object(BulkView.properties, {
      description: 'Selects the jobs, keeps the work on disk, and answers; from then on it continues by itself, no matter who asked for it goes away, and over restarts of the daemon. The topic `bulk` tells how far it is.',
    }),
  },
  'bulk/list': { params: Type.Object({}, closed), result: Type.Object({ bulks: Type.Array(BulkView) }, { description: 'The newest first: 100, and all that have not ended. What has ended is kept for a week.' }) },
  'bulk/get': { params: Type.Object({ id: BulkId }, closed), result: BulkView },
  'bulk/continue': {
    params: Type.Object({ id: BulkId, rate: Type.Optional(Type.String({ maxLength: 100, description: 'Of a replay: for the rest.' })) }, closed),
    result: Type.Object(BulkView.properties, { description: 'What is `held` continues with the rest. `wrong-state` if it is not held.' }),
  },
  'bulk/cancel': {
    params: Type.Object({ id: BulkId, takeBack: Type.Optional(Type.Boolean({ description: 'Of a replay: what no attempt has reached is a dead letter again. It is `taking-back` until then.' })) }, closed),
    result: Type.Object(BulkView.properties, { description: 'What it has not come to stays as it is. `wrong-state` if it has ended; with `takeBack`, a replay can be taken back after its end too.' }),
  },
  'bulk/tally': { params: Type.Object({ id: BulkId }, closed), result: Type.Object(ReplayTally.properties, { description: 'What has become of the jobs that it has replayed.' }) },

  'dead/list': {
    params: Type.Object({ ...deadConditions, ...Page }, closed),
    result: Type.Object({ jobs: Type.Array(JobSummary), next: Next }, { description: 'The one that died last first.' }),
  },
  'dead/groups': {
    params: Type.Object({ ...deadConditions, limit: Page.limit }, closed),
    result: Type.Object(
      {
        groups: Type.Array(DeadGroup),
        others: Type.Integer({ description: 'Dead letters of groups beyond `limit`.' }),
        isPartial: Type.Optional(
          Type.Literal(true, { description: 'There are too many to count with these conditions: those that died last are counted, 50 pages of `dead/list` at most. Never if `queue` is the only condition.' }),
        ),
      },
      { description: 'The group with the newest dead letter first. Only dead letters that meet all conditions are counted.' },
    ),
  },
  'dead/replay': {
    params: Type.Object(
      {
        ...deadSelection,
        payload: Type.Optional(Type.Unknown({ description: 'A new revision of the payload; for a single job. A draft is dropped for it.' })),
        originals: Type.Optional(Type.Boolean({ description: 'Drafts are not sent, and stay; otherwise every draft goes along as a new revision.' })),
        continues: Type.Optional(
          Type.Object({ pace: Type.Integer(), lastDueAt: Time }, { description: 'With `rate`: `pace` and `lastDueAt` of an earlier answer. These follow those as if both were of one call.' }),
        ),
        rate: Type.Optional(Type.String({ maxLength: 100, description: 'Spreads them out: `10/min`.' })),
        canary: Type.Optional(Type.Integer({ minimum: 1, description: 'Only the oldest N of them.' })),
      },
      closed,
    ),
    result: Type.Object({
      replayed: Type.Integer(),
      selected: Selected,
      edited: Type.Integer({ description: 'How many of them were sent with another payload than before; with `dryRun`, would be.' }),
      ids: Type.Array(JobId, { description: 'The first 1,000 of them.' }),
      lastDueAt: Type.Optional({ ...Time, description: 'With `rate`: when the last of them is due.' }),
      pace: Type.Optional(Type.Integer({ description: 'With `rate`: for `continues` of the next call.' })),
    }),
  },
  'dead/recall': {
    params: Type.Object({ ids: Type.Array(JobId, { minItems: 1, maxItems: 1000 }) }, closed),
    result: Type.Object(
      { recalled: Type.Array(JobId) },
      { description: 'Replayed jobs that have not been attempted since become dead letters again, as they were; the others are skipped.' },
    ),
  },
  'dead/tally': {
    params: Type.Object({ ids: Type.Array(JobId, { minItems: 1, maxItems: 1000 }) }, closed),
    result: ReplayTally,
  },
  'dead/discard': {
    params: Type.Object(
      {
        ...deadSelection,
        reason: Type.Optional(
          Type.String({ maxLength: maxReason, description: 'Why: kept as `discardReason`, without surrounding blanks.' }),
        ),
      },
      closed,
    ),
    result: Type.Object({ discarded: Type.Integer(), selected: Selected, ids: Type.Array(JobId) }),
  },

  'draft/save': {
    params: Type.Object(
      {
        id: JobId,
        payload: Type.Unknown({ description: 'The whole payload, checked as that of an edited replay. The payload as it was sent drops the draft.' }),
        baseRevision: Type.Optional(Type.Integer({ minimum: 1, description: 'The revision that was edited: the draft if there was one. `conflict` if another is the newest; not checked if omitted.' })),
        savedBy: Type.Optional(Type.String({ maxLength: 100, description: 'Who, for anyone who looks at it.' })),
      },
      closed,
    ),
    result: JobDetail,
  },
  'draft/drop': {
    params: Type.Object({ id: JobId, baseRevision: Type.Optional(Type.Integer({ minimum: 1, description: 'As of `draft/save`.' })) }, closed),
    result: Type.Object({ dropped: Type.Boolean({ description: '`false`: there was none.' }) }),
  },
} as const satisfies Record<string, { readonly params: TSchema; readonly result: TSchema }>;
