import { type Static, Type } from 'typebox';
import { alertKinds, alertSeverities } from '../workflow/alert.ts';
import { JobId, Name, Time } from './shape.ts';

export { alertKinds, alertSeverities, type AlertKind, type AlertSeverity } from '../workflow/alert.ts';

export const RateShape = Type.Object({ limit: Type.Integer(), perMs: Type.Number(), burst: Type.Integer() });

/** What a person set while the daemon ran; it wins over the file until it is taken back. A limit that is left out is what the file says. */
export const QueueOverrides = Type.Object({
  paused: Type.Boolean(),
  rate: Type.Optional(Type.Union([RateShape, Type.Literal('none')], { description: '`none`: no limit.' })),
  concurrency: Type.Optional(Type.Integer()),
});
export type QueueOverrides = Static<typeof QueueOverrides>;

/** A threshold of `alerts` that is crossed just now. */
export const QueueAlert = Type.Object({
  kind: Type.Enum(alertKinds),
  severity: Type.Enum(alertSeverities),
  since: Time,
  value: Type.Number({ description: 'As last looked at, in `unit`.' }),
  threshold: Type.Number({ description: 'What the file says for this severity, in `unit`.' }),
  peak: Type.Optional(Type.Object({ value: Type.Number(), at: Time }, { description: 'The worst value since it was raised; missing while `value` is.' })),
  endsAt: Type.Optional({ ...Time, description: 'The cause has gone: when it ends, or becomes less severe, unless the value returns.' }),
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
      '`idle`: nothing waits. `draining`: it clears, see `drainMs`. `steady`: arrivals match completions. `growing`: more arrives than is done. `stalled`: nothing will be done until `reason` ends. `unknown`: too little has been done yet to tell.',
  }),
  drainMs: Type.Optional(Type.Number({ description: 'With `draining`: until nothing is waiting.' })),
  clearsAt: Type.Optional(Time),
  limitedBy: Type.Optional(Type.Enum(['rate', 'concurrency'] as const, { description: 'With `draining`: what the time follows from. `concurrency`: the attempts at the same time, and how long they take.' })),
  growthPerMinute: Type.Optional(Type.Number({ description: 'With `growing`: by how many jobs.' })),
  reason: Type.Optional(
    Type.Enum(stallReasons, {
      description:
        'With `stalled`. `held`: the other side asked for it, until `until`. `store`: the store cannot be written. `not-due`: all that waits is due later. `nothing-completes`: attempts are made, but none has ended well lately.',
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
  { description: 'There while something is in the queue and no file declares it as it should be: the limits that were last declared properly hold.' },
);
export type UndeclaredQueue = Static<typeof UndeclaredQueue>;

export const QueueView = Type.Object({
  name: Name,
  declaredIn: Type.Optional(Type.String({ description: 'The file; missing for `default` and for queues that only old runs know.' })),
  undeclared: Type.Optional(UndeclaredQueue),
  paused: Type.Boolean(),
  rate: Type.Optional(RateShape),
  concurrency: Type.Integer(),
  overrides: QueueOverrides,
  depth: Type.Object({
    pending: Type.Integer(),
    delayed: Type.Integer(),
    active: Type.Integer(),
    dead: Type.Integer(),
  }),
  drafts: Type.Optional(
    Type.Object({ count: Type.Integer(), savedAt: Time }, { description: 'Dead letters with an edit that was saved and not sent yet, and when the newest was saved; left out if there is none.' }),
  ),
  maxDepth: Type.Optional(Type.Integer()),
  rateUsed: Type.Optional(Type.Integer({ description: 'Starts within the window that ends now.' })),
  heldUntil: Type.Optional({ ...Time, description: 'No job starts before, because a receiver asked for a pause; `queue/resume` lifts it.' }),
  heldBy: Type.Optional(Type.Object(HeldBy.properties, { description: 'With `heldUntil`: the answer that asked for it.' })),
  nextStartAt: Type.Optional(Time),
  throughputPerMinute: Type.Number({ description: 'Attempts ended well over the last five minutes, per minute.' }),
  failureRate: Type.Number({ description: '0..1 of the attempts ended over the last five minutes.' }),
  waiting: Type.Optional(
    Type.Object(TimeSpent.properties, { description: 'From when a job was due until its attempt started, over the last five minutes; missing where none has.' }),
  ),
  running: Type.Optional(Type.Object(TimeSpent.properties, { description: 'How long attempts took that ended over the last five minutes; missing where none has.' })),
  oldestPendingAt: Type.Optional({ ...Time, description: 'Since when the pending job that has waited longest is due: as long as it was made, or its retry time came, or it was replayed.' }),
  forecast: Forecast,
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
  arrivals: Type.Integer({ description: 'Jobs that were made, or replayed.' }),
  completions: Type.Integer({ description: 'Attempts that ended well.' }),
  failures: Type.Integer({ description: 'Attempts that failed and were charged.' }),
  waiting: Type.Optional(
    Type.Object(TimeSpent.properties, { description: 'From when a job was due until its attempt started; missing where none did.' }),
  ),
  running: Type.Optional(Type.Object(TimeSpent.properties, { description: 'How long the attempts took that ended; missing where none did.' })),
});
export type SeriesPoint = Static<typeof SeriesPoint>;
