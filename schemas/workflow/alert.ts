import { message, type Message, sentences } from '../wording/message.ts';

/** What a queue can be watched for: the keys of `alerts`. */
export const alertKinds = ['depth', 'oldest', 'failure-rate', 'dead-letters', 'filling', 'stuck'] as const;
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
  stuck: 'ms',
} as const satisfies Record<AlertKind, 'jobs' | 'ms' | 'share'>;

/** From which value on it is an alert of which severity, in the unit of its kind. */
export interface AlertThresholds {
  readonly warning?: number;
  readonly error?: number;
  /** For `failure-rate`: the time that is looked at, in milliseconds; `defaultOverMs` if it is missing. */
  readonly overMs?: number;
}

export type QueueAlerts = Readonly<Partial<Record<AlertKind, AlertThresholds>>>;

export const defaultOverMs = 5 * 60_000;
/** The longest time over which failures are counted. */
export const longestOverMs = 60 * 60_000;

export type PercentageResult = { readonly ok: true; readonly share: number } | { readonly ok: false; readonly message: Message };

/** Reads `5%`, `0.5%`, `100%` as a share of 0..1 (`5%` gives 0.05). The sign must be there: whether a bare `5` or `0.05` is meant would be a guess. */
export function parsePercentage(text: string): PercentageResult {
  const trimmed = text.trim();
  const [, digits] = /^(\d{1,9}(?:\.\d{1,9})?)\s?%$/.exec(trimmed) ?? [];
  if (digits === undefined) {
    const hint = /^\d{1,9}(\.\d{1,9})?$/.test(trimmed) ? message("Did you mean '{name}'?", { name: `${trimmed}%` }) : undefined;
    return { ok: false, message: sentences(message('A percentage is a number from 0 to 100 with its sign, such as 5% or 0.5%.'), hint) };
  }
  const percent = Number(digits);
  if (percent > 100) return { ok: false, message: message("'{trimmed}' is more than 100%, the most that a percentage can be here.", { trimmed }) };
  return { ok: true, share: percent / 100 };
}

/** `0.05` gives `5%`; at most two decimals. */
export function formatPercentage(share: number): string {
  return `${Math.round(share * 10_000) / 100}%`;
}
