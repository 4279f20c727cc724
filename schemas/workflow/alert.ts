/** What a queue can be watched for: the keys of `alerts`. */
export const alertKinds = ['depth', 'oldest', 'failure-rate', 'dead-letters', 'filling'] as const;
export type AlertKind = (typeof alertKinds)[number];

/** From the lesser to the greater. */
export const alertSeverities = ['warning', 'error'] as const;
export type AlertSeverity = (typeof alertSeverities)[number];

/** What the values of a kind are: a count of jobs, milliseconds, or a share (0..1). */
export const alertUnits = {
  depth: 'jobs',
  oldest: 'ms',
  'failure-rate': 'share',
  'dead-letters': 'jobs',
  filling: 'ms',
} as const satisfies Record<AlertKind, 'jobs' | 'ms' | 'share'>;

/** From which value on it is an alert of which severity, in the unit of its kind. */
export interface AlertThresholds {
  readonly warning?: number;
  readonly error?: number;
  /** For `failure-rate`: the time that is looked at, in milliseconds; `defaultOverMs` where it is missing. */
  readonly overMs?: number;
}

export type QueueAlerts = Readonly<Partial<Record<AlertKind, AlertThresholds>>>;

export const defaultOverMs = 5 * 60_000;
/** The longest time over which failures are counted. */
export const longestOverMs = 60 * 60_000;
