import { Type, type Static, type TSchema } from 'typebox';
import { bulkActions, BulkId, BulkView, maxBulkIds, ReplayTally } from './bulk.ts';
import { DaemonStatus } from './daemon-status.ts';
import { DeliveryDetail, DeliveryId, deliveryOutcomes, DeliverySummary } from './delivery.ts';
import { DeadGroup, JobDetail, JobSummary, maxReason } from './job.ts';
import { QueueView, ResumedQueue, SeriesPoint, type SeriesResolution, seriesResolutions } from './queue.ts';
import { RunDetail, runInputs, RunPreview, RunSummary } from './run.ts';
import { ScheduleId, ScheduleView } from './schedule.ts';
import { SecretName, SecretView } from './secret.ts';
import { JobId, JobStateShape, Name, Next, Page, RunId, RunStateShape, Time, Where } from './shape.ts';
import { RunKey } from './trigger.ts';
import { maxSignalName, maxSignalWaits, SignalWait } from './signal.ts';
import { SubscribeParams, SubscribeResult } from './subscription.ts';
import { DiagnosticView, EvaluationView, WorkflowView } from './workflow.ts';

const Nothing = Type.Object({});
const closed = { additionalProperties: false } as const;

const selection = {
  ids: Type.Optional(Type.Array(JobId, { minItems: 1, maxItems: 1000 })),
  all: Type.Optional(Type.Boolean({ description: 'All that the other conditions let through.' })),
  queue: Type.Optional(Name),
  run: Type.Optional(RunId),
  where: Where,
};

const Group = Type.Optional(Type.String({ maxLength: 1000, description: 'Of this group, as `dead/groups` tells it.' }));
const deadConditions = { queue: Type.Optional(Name), run: Type.Optional(RunId), step: Type.Optional(Name), where: Where, group: Group };
const deadSelection = { ...selection, group: Group, dryRun: Type.Optional(Type.Boolean({ description: 'Only says how many are meant.' })) };
const Selected = Type.Integer({ description: 'Number selected. Items that stopped being dead letters in the meantime are left out of the others.' });

/**
 * Every method of the protocol: parameters and result, as JSON Schemas. `docs/protocol.md` explains them; the daemon
 * checks parameters against them, clients take their types from them.
 */
export const methods = {
  'daemon/status': { params: Type.Object({}, closed), result: DaemonStatus },
  'daemon/stop': { params: Type.Object({}, closed), result: Nothing },

  'workflow/list': { params: Type.Object({}, closed), result: Type.Object({ workflows: Type.Array(WorkflowView) }) },
  'workflow/validate': {
    params: Type.Object({}, closed),
    result: Type.Object({ files: Type.Integer(), diagnostics: Type.Array(DiagnosticView) }),
  },

  'run/start': {
    params: Type.Object(
      {
        ...runInputs,
        key: Type.Optional(RunKey),
        firstItems: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 1000, description: 'Each `foreach` of the main steps makes this many jobs, and the others when `run/continue` is called. Until then its step, and what needs it, waits.' }),
        ),
      },
      closed,
    ),
    result: Type.Object({ id: RunId, existed: Type.Optional(Type.Boolean({ description: '`true`: an earlier start had this key, and nothing was started.' })) }),
  },
  'run/preview': {
    params: Type.Object(runInputs, closed),
    result: Type.Object(RunPreview.properties, { description: 'What `run/start` with the same inputs would do: counted and rendered, with nothing stored and nothing called. The errors are those of `run/start`.' }),
  },
  'run/continue': {
    params: Type.Object({ id: RunId }, closed),
    result: Type.Object(RunSummary.properties, { description: 'A run that was started with `firstItems` takes the rest of its items. `wrong-state` if it has ended, or takes all of them already.' }),
  },
  'run/list': {
    params: Type.Object(
      {
        workflow: Type.Optional(Name),
        state: Type.Optional(RunStateShape),
        parent: Type.Optional(RunId),
        all: Type.Optional(Type.Boolean({ description: 'Also those that steps of other runs have started. So it is with `workflow`.' })),
        ...Page,
      },
      closed,
    ),
    result: Type.Object({ runs: Type.Array(RunSummary), next: Next }, { description: 'Newest first; with `parent`, those that steps of that run have started.' }),
  },
  'run/get': { params: Type.Object({ id: RunId }, closed), result: RunDetail },
  'run/cancel': {
    params: Type.Object(
      { id: RunId, takeBack: Type.Optional(Type.Boolean({ description: 'Of a run that has ended: its jobs that were replayed and wait are dead letters again. What is under way is left to end.' })) },
      closed,
    ),
    result: Type.Object(
      { ...RunSummary.properties, takenBack: Type.Optional(Type.Integer({ description: 'Jobs that are dead letters again.' })) },
      { description: '`wrong-state` if it has ended, with `open` in the data if jobs of it were replayed and are open: `takeBack` stops them.' },
    ),
  },

  'run/evaluate': {
    params: Type.Object(
      {
        id: RunId,
        expression: Type.String({ minLength: 1, maxLength: 8192, description: 'CEL, without `${{` and `}}`.' }),
        step: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'As this step sees it.' })),
        index: Type.Optional(Type.Integer({ minimum: 0, description: "As this item of the step's `foreach` sees it; the first one if it is missing." })),
      },
      closed,
    ),
    result: EvaluationView,
  },

  'queue/list': { params: Type.Object({}, closed), result: Type.Object({ queues: Type.Array(QueueView) }) },
  'queue/pause': { params: Type.Object({ queue: Name }, closed), result: QueueView },
  'queue/resume': { params: Type.Object({ queue: Name }, closed), result: ResumedQueue },
  'queue/set': {
    params: Type.Object(
      {
        queue: Name,
        rate: Type.Optional(Type.String({ maxLength: 100, description: '`50/min`; `none` for no limit; `file` for what the file says. Unchanged if left out.' })),
        concurrency: Type.Optional(
          Type.Union([Type.Integer({ minimum: 1, maximum: 10_000 }), Type.Literal('file')], {
            description: 'Attempts at the same time, 1 to 10,000; `file` for what the file says. Unchanged if left out.',
          }),
        ),
      },
      closed,
    ),
    result: QueueView,
  },
  'queue/move': {
    params: Type.Object({ queue: Name, to: Name, dryRun: Type.Optional(Type.Boolean({ description: 'Only says how many are meant.' })) }, closed),
    result: Type.Object(
      {
        moved: Type.Integer({ description: 'Jobs that are now in the other queue: those that wait, those under way, and dead letters.' }),
        selected: Type.Integer({ description: 'Jobs that were in the queue.' }),
        carries: Type.Optional(Type.Literal(true, { description: 'What was set by hand for the queue (a pause, a rate, a concurrency) is set for the other one.' })),
      },
      {
        description:
          "All that is in a queue, and what runs still bring into it, goes to another one and obeys that one's limits from its next attempt on. An attempt that is under way ends as it began. `queue-full` where the other has no room for all of them (`max-depth`); nothing is moved then. What was set by hand goes along if the queue is no longer declared (it was renamed), nothing is set for the other one and no job waits in it.",
      },
    ),
  },
  'queue/release': {
    params: Type.Object({ queue: Name }, closed),
    result: Type.Object(QueueView.properties, {
      description: 'The last limits of a queue that no file declares hold no more: its jobs start under the defaults. `wrong-state` where a file declares it.',
    }),
  },
  'queue/series': {
    params: Type.Object(
      {
        queue: Name,
        resolution: Type.Enum(Object.keys(seriesResolutions) as SeriesResolution[], { description: '`10s` is kept for a day, `5min` for a month.' }),
        from: Type.Optional({ ...Time, description: 'Where it is missing: the last hour of `10s`, the last day of `5min`.' }),
        to: Type.Optional({ ...Time, description: 'Now, if it is missing.' }),
      },
      closed,
    ),
    result: Type.Object(
      { stepMs: Type.Integer(), points: Type.Array(SeriesPoint) },
      { description: 'Oldest first, a point for each whole step, from the first of which anything is known.' },
    ),
  },

  'job/list': {
    params: Type.Object(
      {
        queue: Type.Optional(Name),
        state: Type.Optional(JobStateShape),
        run: Type.Optional(RunId),
        step: Type.Optional(Name),
        where: Where,
        ...Page,
      },
      closed,
    ),
    result: Type.Object({ jobs: Type.Array(JobSummary), next: Next }, { description: 'Newest first.' }),
  },
  'job/get': { params: Type.Object({ id: JobId }, closed), result: JobDetail },
  'job/cancel': { params: Type.Object({ id: JobId }, closed), result: JobSummary },
  'job/retry': {
    params: Type.Object(selection, closed),
    result: Type.Object(
      { retried: Type.Integer(), selected: Type.Integer(), ids: Type.Array(JobId, { description: 'The first 1,000 of them.' }) },
      { description: 'Delayed jobs are due immediately. `wrong-state` where one of `ids` is not delayed; nothing is changed then.' },
    ),
  },

  'signal/send': {
    params: Type.Object(
      {
        run: RunId,
        name: Type.String({ minLength: 1, maxLength: maxSignalName }),
        payload: Type.Optional(Type.Unknown({ description: 'What the answer says; null if it is missing.' })),
        by: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Who answers, for anyone who looks at it.' })),
      },
      closed,
    ),
    result: Type.Object(
      { run: RunId, name: Type.String(), by: Type.String(), at: Time, ended: Type.Array(JobId, { description: 'The first jobs that continue. None if the answer came before a step waits for it; it continues at once then.' }) },
      {
        description:
          'Answers a step that waits for a signal. `wrong-state` if it was answered before, with `answeredBy` and `answeredAt` in the data, or if the run has ended; `not-found` if no step waits for it, or will; `invalid-inputs` if the payload does not fit.',
      },
    ),
  },
  'signal/list': {
    params: Type.Object({ run: Type.Optional(RunId) }, closed),
    result: Type.Object({ waits: Type.Array(SignalWait) }, { description: `What waits for an answer, the oldest first: ${maxSignalWaits} at most.` }),
  },

  'bulk/start': {
    params: Type.Object(
      {
        action: Type.Enum(bulkActions, { description: 'Dead letters are replayed or discarded, jobs that have not ended are cancelled, delayed jobs are made due, runs are cancelled.' }),
        ...deadSelection,
        ids: Type.Optional(Type.Array(JobId, { minItems: 1, maxItems: maxBulkIds })),
        runs: Type.Optional(Type.Array(RunId, { minItems: 1, maxItems: maxBulkIds, description: 'Of `cancel-runs`, and instead of all other conditions.' })),
        asOf: Type.Optional({ ...Time, description: 'Only what was like that by then: dead letters that had died, jobs that had been made. What a person has seen.' }),
        canary: Type.Optional(Type.Integer({ minimum: 1, description: 'The oldest N first; then it is `held` until `bulk/continue`.' })),
        rate: Type.Optional(Type.String({ maxLength: 100, description: 'Of a replay: spreads them out: `10/min`.' })),
        originals: Type.Optional(Type.Boolean({ description: 'Of a replay: as of `dead/replay`.' })),
        reason: Type.Optional(Type.String({ maxLength: maxReason, description: 'Why; of a discard it is kept with each job, as `discardReason`.' })),
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
      { description: 'Replayed jobs that no attempt has reached since are dead letters again, as they were; the others are left out.' },
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
          Type.String({ maxLength: maxReason, description: 'Why, for anyone who looks at them later: kept as `discardReason`. Blanks around it are left out.' }),
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
        baseRevision: Type.Optional(Type.Integer({ minimum: 1, description: 'The revision that was edited: the draft if there was one. `conflict` if another is the newest; not checked, if it is missing.' })),
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

  'delivery/list': {
    params: Type.Object({ workflow: Type.Optional(Name), outcome: Type.Optional(Type.Enum(deliveryOutcomes)), ...Page }, closed),
    result: Type.Object({ deliveries: Type.Array(DeliverySummary), next: Next }, { description: 'Newest first.' }),
  },
  'delivery/get': { params: Type.Object({ id: DeliveryId }, closed), result: DeliveryDetail },
  'delivery/rerun': {
    params: Type.Object({ id: DeliveryId, unverified: Type.Optional(Type.Boolean({ description: 'Also one that was refused, because it did not prove where it comes from.' })) }, closed),
    result: Type.Object(
      { id: Type.String({ description: 'The new delivery.' }), outcome: Type.Enum(['started', 'ignored'] as const), reason: Type.Optional(Type.String()), run: Type.Optional(RunId) },
      { description: "Takes a delivery again, as if its event had just come for the first time, by the workflow's file as it is now. `invalid-inputs` if it can't start the workflow; `wrong-state` for one that was refused, without `unverified`." },
    ),
  },
  'delivery/send': {
    params: Type.Object(
      {
        workflow: Name,
        payload: Type.String({ maxLength: 1_048_576, description: 'The body, as text.' }),
        headers: Type.Optional(Type.Record(Type.String({ maxLength: 200 }), Type.String({ maxLength: 8192 }), { description: '`content-type` is `application/json` if it is left out.' })),
        sign: Type.Optional(Type.Boolean({ description: "Adds the proof that the webhook's `verify` asks for, made with the project's secret." })),
      },
      closed,
    ),
    result: Type.Object(
      {
        status: Type.Integer({ description: 'Of the answer.' }),
        answer: Type.String({ description: 'Its body, the first 4 KiB.' }),
        delivery: Type.Optional(DeliveryId),
        outcome: Type.Optional(Type.Enum(deliveryOutcomes)),
        run: Type.Optional(RunId),
      },
      { description: "Sends a request to the daemon's own listener for webhooks, as a sender would." },
    ),
  },

  'schedule/list': {
    params: Type.Object({ workflow: Type.Optional(Name) }, closed),
    result: Type.Object({ schedules: Type.Array(ScheduleView, { description: 'By workflow.' }) }),
  },
  'schedule/pause': { params: Type.Object({ id: ScheduleId }, closed), result: Type.Object(ScheduleView.properties, { description: 'It starts nothing until it is resumed, also after a restart.' }) },
  'schedule/resume': { params: Type.Object({ id: ScheduleId }, closed), result: Type.Object(ScheduleView.properties, { description: 'Times that came while it was paused start nothing.' }) },

  'secret/list': {
    params: Type.Object({}, closed),
    result: Type.Object({
      secrets: Type.Array(SecretView, { description: 'By name.' }),
      problem: Type.Optional(Type.String({ description: 'Why the file of secrets is not used, where it cannot be.' })),
    }),
  },
  'secret/set': {
    params: Type.Object(
      {
        name: SecretName,
        value: Type.String({ minLength: 1, maxLength: 65_536 }),
        persist: Type.Boolean({ description: "`true`: into the project's file of secrets; `false`: in memory, until the daemon ends." }),
      },
      closed,
    ),
    result: SecretView,
  },
  'secret/delete': { params: Type.Object({ name: SecretName }, closed), result: Nothing },

  'log/tail': {
    params: Type.Object({ lines: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) }, closed),
    result: Type.Object({ lines: Type.Array(Type.String({ description: 'One JSON object of pino each.' })) }),
  },
  'store/check': {
    params: Type.Object({}, closed),
    result: Type.Object({ checks: Type.Array(Type.Object({ name: Type.String(), ok: Type.Boolean(), detail: Type.String() })) }),
  },

  subscribe: { params: SubscribeParams, result: SubscribeResult },
  unsubscribe: { params: Type.Object({ id: Type.Integer() }, closed), result: Nothing },
} as const satisfies Record<string, { readonly params: TSchema; readonly result: TSchema }>;

export type MethodName = keyof typeof methods;
export type Params<M extends MethodName> = Static<(typeof methods)[M]['params']>;
export type Result<M extends MethodName> = Static<(typeof methods)[M]['result']>;
