import { type Static, Type } from 'typebox';
import { alertKinds, alertSeverities } from '../workflow/alert.ts';
import { JobId, Name, Time } from './shape.ts';

export { alertKinds, alertSeverities, type AlertKind, type AlertSeverity } from '../workflow/alert.ts';

export const RateShape = Type.Object({ limit: Type.Integer(), perMs: Type.Number(), burst: Type.Integer() });

/** A rate of several that hold together. */
export const RateUseShape = Type.Object({ ...RateShape.properties, used: Type.Integer({ description: 'Starts within the window that ends now.' }) });
export type RateUseShape = Static<typeof RateUseShape>;

/** What a connection lets start over all queues, and how much of it is used. */
export const ConnectionUse = Type.Object({
  rates: Type.Array(RateUseShape, { description: 'Those that hold together, each with its use by all queues and daemons, as far as this daemon has heard; none if there is no rate.' }),
  concurrency: Type.Optional(Type.Integer()),
  active: Type.Optional(Type.Integer({ description: 'Attempts under way, of all queues and daemons, as far as this daemon has heard; omitted without `concurrency`, or if it has heard of none.' })),
  waiting: Type.Array(Type.String(), { description: 'Queues of this daemon with jobs that wait for the connection.' }),
  obstacle: Type.Optional(Type.Object({ kind: Type.Enum(['rate', 'concurrency'] as const), rate: Type.Optional(RateShape), until: Type.Optional(Time) }, { description: 'What they wait for.' })),
});
export type ConnectionUse = Static<typeof ConnectionUse>;

/** What a person set while the daemon ran; it wins over the file until it is taken back. A limit that is left out is what the file says. */
export const QueueOverrides = Type.Object({
  paused: Type.Boolean(),
  rate: Type.Optional(Type.Union([RateShape, Type.Literal('none')], { description: '`none`: no limit. Of several, the first.' })),
  rates: Type.Optional(Type.Array(RateShape, { description: 'Present if several were set: all of them.' })),
  concurrency: Type.Optional(Type.Integer()),
});
export type QueueOverrides = Static<typeof QueueOverrides>;

/** A threshold of `alerts` that is crossed just now. */
export const QueueAlert = Type.Object({
  kind: Type.Enum(alertKinds),
  severity: Type.Enum(alertSeverities),
  since: Time,
  value: Type.Number({ description: 'The latest value, in `unit`.' }),
  threshold: Type.Number({ description: 'The threshold of this severity in the file, in `unit`.' }),
  peak: Type.Optional(Type.Object({ value: Type.Number(), at: Time }, { description: 'The worst value since the alert began; omitted while `value` is the worst.' })),
  endsAt: Type.Optional({ ...Time, description: 'The cause has gone: when the alert ends or becomes less severe, unless the value returns.' }),
  unit: Type.Enum(['jobs', 'ms', 'share'] as const, { description: '`jobs` for `depth` and `dead-letters`, `ms` for `oldest` and `filling`, `share` (0..1) for `failure-rate`.' }),
});
export type QueueAlert = Static<typeof QueueAlert>;

export const forecastStates = ['idle', 'draining', 'steady', 'growing', 'stalled', 'unknown'] as const;
export type ForecastState = (typeof forecastStates)[number];

export const stallReasons = ['paused', 'held', 'store', 'not-due', 'nothing-completes'] as const;
export type StallReason = (typeof stallReasons)[number];

/** Whether a queue will clear on its own, and when. */
export const Forecast = Type.Object({
  state: Type.Enum(forecastStates, {
    description:
      '`idle`: no job waits. `draining`: it will be empty, see `drainMs`. `steady`: arrivals match completions. `growing`: more jobs arrive than are completed. `stalled`: nothing completes until `reason` ends. `unknown`: not enough data yet.',
  }),
  drainMs: Type.Optional(Type.Number({ description: 'With `draining`: the time until no job waits.' })),
  clearsAt: Type.Optional(Time),
  limitedBy: Type.Optional(Type.Enum(['rate', 'concurrency'] as const, { description: 'With `draining`: what limits the queue. `concurrency`: the attempts at the same time, and how long they take.' })),
  growthPerMinute: Type.Optional(Type.Number({ description: 'With `growing`: by how many jobs.' })),
  reason: Type.Optional(
    Type.Enum(stallReasons, {
      description:
        'With `stalled`. `held`: the receiver asked to wait, until `until`. `store`: the store can not be written. `not-due`: all waiting jobs are due later. `nothing-completes`: attempts are made, but none has succeeded lately.',
    }),
  ),
  until: Type.Optional(Time),
});
export type Forecast = Static<typeof Forecast>;

/** How long something took, over the attempts of some time. */
export const TimeSpent = Type.Object({ meanMs: Type.Number(), maxMs: Type.Number() });
export type TimeSpent = Static<typeof TimeSpent>;

/** Which answer made a queue wait. */
export const HeldBy = Type.Object({
  job: JobId,
  cause: Type.String({ description: 'What it was answered: `429 Too Many Requests`.' }),
  retryAfterMs: Type.Optional(Type.Number({ description: 'What the answer asked for, even if the queue is held for less; missing if it named no time.' })),
  machine: Type.Optional(Type.Literal(true, { description: 'No answer came, and nothing was sent: this machine has no network, or no names are resolved. `cause` is its error.' })),
  project: Type.Optional(Type.Literal(true, { description: 'Nothing was sent: a file of the project that says what the job needs is missing or has errors. `cause` says which.' })),
  at: Time,
});
export type HeldBy = Static<typeof HeldBy>;

export const undeclaredReasons = ['gone', 'twice', 'broken'] as const;
export type UndeclaredReason = (typeof undeclaredReasons)[number];

/** Why a queue's limits are the last ones that were declared properly, and not what the files say now. */
export const UndeclaredQueue = Type.Object(
  {
    reason: Type.Enum(undeclaredReasons, {
      description:
        '`gone`: no file declares it. `twice`: more than one file does, `files`. `broken`: `files` have errors or can not be read, and declare it or may do so.',
    }),
    files: Type.Array(Type.String(), { description: "Relative to the project's folder, with forward slashes." }),
  },
  { description: 'Present while the queue has jobs and no valid file declares it: its last valid limits apply.' },
);
export type UndeclaredQueue = Static<typeof UndeclaredQueue>;

export const lackKinds = ['secret', 'connection', 'action'] as const;

/** What a daemon lacks to make attempts of a step. */
export const Lack = Type.Object({
  kind: Type.Enum(lackKinds),
  name: Type.String(),
  problem: Type.Optional(Type.String({ description: 'Of a secret: why the file of secrets can not be used, in a sentence.' })),
});
export type Lack = Static<typeof Lack>;

/** A step whose jobs a daemon does not start. */
export const LackingStep = Type.Object({ step: Type.String(), job: { ...JobId, description: 'The job of it that was met first.' }, lack: Lack });
export type LackingStep = Static<typeof LackingStep>;

export const QueueView = Type.Object({
  name: Name,
  declaredIn: Type.Optional(Type.String({ description: 'The file; omitted for `default` and for queues that only old runs know.' })),
  undeclared: Type.Optional(UndeclaredQueue),
  paused: Type.Boolean(),
  rate: Type.Optional({ ...RateShape, description: 'Of several, the first.' }),
  rates: Type.Optional(Type.Array(RateUseShape, { description: 'Present if several hold together: all of them, each with its use.' })),
  concurrency: Type.Integer(),
  concurrencyOf: Type.Optional(Type.Enum(['all', 'each'] as const, { description: 'Where daemons share the store. `all`: `concurrency` counts over all of them, as `rate` always does. `each`: nobody has set one, so each daemon has that many places.' })),
  connections: Type.Optional(Type.Array(Type.Object({ name: Type.String(), ...ConnectionUse.properties }), { description: 'Connections with limits that jobs of the queue wait for, with their use; omitted if there is none.' })),
  overrides: QueueOverrides,
  depth: Type.Object({
    pending: Type.Integer(),
    delayed: Type.Integer(),
    active: Type.Integer(),
    dead: Type.Integer(),
  }),
  drafts: Type.Optional(
    Type.Object({ count: Type.Integer(), savedAt: Time }, { description: 'Dead letters with a saved edit that was not sent yet, and when the newest was saved; omitted if there is none.' }),
  ),
  maxDepth: Type.Optional(Type.Integer()),
  rateUsed: Type.Optional(Type.Integer({ description: 'Starts within the window of `rate` that ends now.' })),
  heldUntil: Type.Optional({ ...Time, description: 'No job starts before this time, because a receiver asked to wait; `queue/resume` ends the hold.' }),
  heldBy: Type.Optional(Type.Object(HeldBy.properties, { description: 'With `heldUntil`: the answer that asked for it.' })),
  nextStartAt: Type.Optional(Time),
  throughputPerMinute: Type.Number({ description: 'Successful attempts per minute, over the last five minutes.' }),
  failureRate: Type.Number({ description: '0..1 of the attempts ended over the last five minutes.' }),
  waiting: Type.Optional(
    Type.Object(TimeSpent.properties, { description: 'The time from due to the start of the attempt, over the last five minutes; omitted if none started.' }),
  ),
  running: Type.Optional(Type.Object(TimeSpent.properties, { description: 'The duration of attempts that ended in the last five minutes; omitted if none did.' })),
  oldestPendingAt: Type.Optional({ ...Time, description: 'Since when the oldest pending job is due: when it was made, its retry became due, or it was replayed.' }),
  forecast: Forecast,
  lacking: Type.Optional(
    Type.Array(LackingStep, { description: 'Steps whose jobs this daemon does not start: a secret is missing, or, if other daemons share the store, an action or a connection. They wait, uncharged, until it is there, or another daemon that has it takes them. Omitted if there is none, or nothing is pending.' }),
  ),
  alerts: Type.Array(QueueAlert, { description: 'Errors first; empty if no threshold is crossed.' }),
});
export type QueueView = Static<typeof QueueView>;

/** A queue that was resumed, and what was in its way until then. */
export const ResumedQueue = Type.Intersect(
  [QueueView, Type.Object({ resumed: Type.Object({ paused: Type.Boolean(), heldUntil: Type.Optional(Time), heldBy: Type.Optional(HeldBy) }) })],
  { description: '`resumed` is what was in the way until then: a pause, a hold, both, or neither.' },
);
export type ResumedQueue = Static<typeof ResumedQueue>;

/** How finely a series is kept, and for how long; `shownMs`: how much of it is told if nothing is said. */
export const seriesResolutions = {
  '10s': { stepMs: 10_000, keepMs: 24 * 3_600_000, shownMs: 3_600_000 },
  '5min': { stepMs: 300_000, keepMs: 31 * 24 * 3_600_000, shownMs: 24 * 3_600_000 },
} as const;
export type SeriesResolution = keyof typeof seriesResolutions;

/** Points of one answer at most: a day by ten seconds, a month by five minutes. */
export const maxSeriesPoints = 9000;

/** What a queue did in the time that begins at `at` and is one step long. Depths are those at its end. */
export const SeriesPoint = Type.Object({
  at: Time,
  pending: Type.Integer(),
  delayed: Type.Integer(),
  active: Type.Integer(),
  dead: Type.Integer(),
  arrivals: Type.Integer({ description: 'Jobs that were made or replayed.' }),
  completions: Type.Integer({ description: 'Successful attempts.' }),
  failures: Type.Integer({ description: 'Attempts that failed and were charged.' }),
  waiting: Type.Optional(
    Type.Object(TimeSpent.properties, { description: 'The time from due to the start of the attempt; omitted if none started.' }),
  ),
  running: Type.Optional(Type.Object(TimeSpent.properties, { description: 'The duration of the attempts that ended; omitted if none did.' })),
});
export type SeriesPoint = Static<typeof SeriesPoint>;
