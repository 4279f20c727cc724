import { Type, type Static, type TSchema } from 'typebox';
import { AlertMute, AlertReceiverView, AlertTest, HeartbeatView } from './alert.ts';
import { ConnectionTest, ConnectionView } from './connection.ts';
import { DaemonStatus } from './daemon-status.ts';
import { deadLetterMethods, selection } from './dead-letter-method.ts';
import { DeliveryDetail, DeliveryId, deliveryOutcomes, DeliverySummary } from './delivery.ts';
import { JobDetail, JobSummary } from './job.ts';
import { QueueView, ResumedQueue, SeriesPoint, type SeriesResolution, seriesResolutions } from './queue.ts';
import { RunDetail, runInputs, RunPreview, RunSummary } from './run.ts';
import { SecretName, SecretView } from './secret.ts';
import { closed, JobId, JobStateShape, Name, Next, Page, RunId, RunStateShape, Time, Where } from './shape.ts';
import { ScheduleId, ScheduleView, RunKey } from './trigger.ts';
import { Why } from './why.ts';
import { maxSignalName, maxSignalWaits, SignalWait } from './signal.ts';
import { SubscribeParams, SubscribeResult } from './subscription.ts';
import { DiagnosticView, EvaluationView, WorkflowView } from './workflow.ts';

const Nothing = Type.Object({});

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
        all: Type.Optional(Type.Boolean({ description: 'Also runs that were started by steps of other runs. Implied by `workflow`.' })),
        ...Page,
      },
      closed,
    ),
    result: Type.Object({ runs: Type.Array(RunSummary), next: Next }, { description: 'Newest first: those that no step of another run has started, unless `parent`, `all` or `workflow` is given. With `parent`, those that steps of that run have started.' }),
  },
  'run/get': { params: Type.Object({ id: RunId }, closed), result: RunDetail },
  'run/cancel': {
    params: Type.Object(
      { id: RunId, takeBack: Type.Optional(Type.Boolean({ description: 'Of a run that has ended: replayed jobs that wait become dead letters again. Active attempts are left to finish.' })) },
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
        step: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'As seen by this step.' })),
        index: Type.Optional(Type.Integer({ minimum: 0, description: "As seen by this item of the step's `foreach`. Default: the first one." })),
      },
      closed,
    ),
    result: EvaluationView,
  },

  'alert/list': {
    params: Type.Object({}, closed),
    result: Type.Object({ receivers: Type.Array(AlertReceiverView), mutes: Type.Array(AlertMute), heartbeat: Type.Optional(Type.Object(HeartbeatView.properties, { description: '`heartbeat` of `config.yaml`. Omitted if there is none, or another daemon leads.' })) }, { description: 'Who is told of alerts, what each was told, and what is not told. Which thresholds are crossed, `queue/list` has.' }),
  },
  'alert/test': {
    params: Type.Object({ receiver: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: 'The name of one, as in `alert/list`. If omitted, all are tested.' })) }, closed),
    result: Type.Object({ tests: Type.Array(AlertTest) }, { description: 'Sends a test to each receiver at once, and says what the other side answered. `not-found` if there is no receiver of that name.' }),
  },
  'alert/mute': {
    params: Type.Object({ queue: Name, forMs: Type.Optional(Type.Integer({ minimum: 1000, maximum: 31_622_400_000, description: 'If omitted, until `alert/unmute`.' })) }, closed),
    result: Type.Object(AlertMute.properties, { description: 'Receivers are told nothing of the queue until then. What still lasts then is told. Its alerts are shown all the same.' }),
  },
  'alert/unmute': { params: Type.Object({ queue: Name }, closed), result: Type.Object({ was: Type.Boolean({ description: 'Whether it was muted.' }) }) },

  'queue/list': { params: Type.Object({}, closed), result: Type.Object({ queues: Type.Array(QueueView) }) },
  'queue/pause': { params: Type.Object({ queue: Name }, closed), result: QueueView },
  'queue/resume': { params: Type.Object({ queue: Name }, closed), result: ResumedQueue },
  'queue/set': {
    params: Type.Object(
      {
        queue: Name,
        rate: Type.Optional(Type.String({ maxLength: 100, description: '`50/min`, or several that hold together: `20/s, 50000/d`; `none`: no limit; `file`: the rate of the file. Unchanged if omitted.' })),
        concurrency: Type.Optional(
          Type.Union([Type.Integer({ minimum: 1, maximum: 10_000 }), Type.Literal('file')], {
            description: 'Attempts at the same time, 1 to 10,000; `file`: the concurrency of the file. Unchanged if omitted.',
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
        to: Type.Optional({ ...Time, description: 'Default: now.' }),
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
  why: {
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 200, description: 'A job, a run, a schedule or a delivery by its id, or a queue by its name.' }), step: Type.Optional(Name) }, closed),
    result: Type.Object(Why.properties, { description: 'The ordered causes of a wait. With `step`, that of a run.' }),
  },
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
        payload: Type.Optional(Type.Unknown({ description: 'The payload of the answer. Default: null.' })),
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
  'signal/notice': {
    params: Type.Object({ waits: Type.Array(Type.Object({ job: JobId, since: Time }, closed), { minItems: 1, maxItems: maxSignalWaits, description: 'As `signal/list` and the topic `waits` have them.' }) }, closed),
    result: Type.Object(
      { jobs: Type.Array(JobId, { description: 'The waits of which this client tells a person: no client has asked for them before.' }) },
      { description: 'So that of several editors one notifies. Forgotten when the daemon ends.' },
    ),
  },

  ...deadLetterMethods,

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
        headers: Type.Optional(Type.Record(Type.String({ maxLength: 200 }), Type.String({ maxLength: 8192 }), { description: 'Default: `content-type: application/json`.' })),
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

  'connection/list': { params: Type.Object({}, closed), result: Type.Object({ connections: Type.Array(ConnectionView, { description: 'By name.' }), problem: Type.Optional(Type.String({ description: 'Why these may not be what the file says.' })) }) },
  'connection/test': {
    params: Type.Object(
      { name: Name, path: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, description: "Of an HTTP API: what is called, by GET. Default: the connection's own URL." })) },
      closed,
    ),
    result: Type.Object(ConnectionTest.properties, { description: 'Calls the other side once, outside of every queue: an HTTP API by GET, with a token if the connection has one fetched; an SMTP server is greeted and logged in to. `wrong-state` if a secret is missing.' }),
  },

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
  'store/backup': {
    params: Type.Object({ file: Type.String({ minLength: 1, maxLength: 4096, description: 'A new file, as an absolute path.' }) }, closed),
    result: Type.Object({ file: Type.String({ description: 'Where it is, with links on the way followed.' }), bytes: Type.Integer() }),
  },

  subscribe: { params: SubscribeParams, result: SubscribeResult },
  unsubscribe: { params: Type.Object({ id: Type.Integer() }, closed), result: Nothing },
} as const satisfies Record<string, { readonly params: TSchema; readonly result: TSchema }>;

export type MethodName = keyof typeof methods;
export type Params<M extends MethodName> = Static<(typeof methods)[M]['params']>;
export type Result<M extends MethodName> = Static<(typeof methods)[M]['result']>;
