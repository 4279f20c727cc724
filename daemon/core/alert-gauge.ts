import { alertSeverities, type AlertKind, type AlertSeverity, type AlertThresholds } from '../../schemas/workflow/alert.ts';

/** A severity ends where the value is below this share of its threshold: one that moves about the threshold is one alert, and not twenty. */
const releaseShare = 0.8;
/** ... and has been for that long, in milliseconds. */
export const clearDelayMs = 30_000;
/**
 * How long a threshold must have been reached before it is an alert, in milliseconds. What takes its time anyway, or what only a person
 * ends, is told immediately.
 */
export const raiseDelayMs: Readonly<Record<AlertKind, number>> = {
  depth: 10_000,
  oldest: 0,
  'failure-rate': 10_000,
  'dead-letters': 0,
  filling: 0,
  stuck: 0,
};

/** What is said of a threshold just now. */
export interface RaisedAlert {
  readonly severity: AlertSeverity;
  readonly value: number;
  readonly threshold: number;
  /** The cause has gone: when it ends, or becomes less severe, unless the value returns. */
  readonly endsAt?: number;
}

/** Whether one value of a queue is an alert: with hysteresis and a minimum dwell. Times are milliseconds of one monotonic clock. */
export class AlertGauge {
  readonly kind: AlertKind;
  #thresholds: AlertThresholds;
  #raised: RaisedAlert | undefined;
  /** Since when the value has asked for another severity, in this direction. */
  #leaning: { readonly up: boolean; readonly since: number } | undefined;

  /** `raised`: what was raised before a restart; its value is the last that is known. */
  constructor(kind: AlertKind, thresholds: AlertThresholds, raised?: Pick<RaisedAlert, 'severity' | 'value'>) {
    this.kind = kind;
    this.#thresholds = thresholds;
    this.#raised = raised === undefined ? undefined : { severity: raised.severity, value: raised.value, threshold: thresholds[raised.severity] ?? 0 };
  }

  get raised(): RaisedAlert | undefined {
    return this.#raised;
  }

  /** When it says something else, if the value stays as it is; undefined: never. */
  get changesAt(): number | undefined {
    if (this.#leaning === undefined) return undefined;
    return this.#leaning.up ? this.#leaning.since + raiseDelayMs[this.kind] : this.#raised?.endsAt;
  }

  /** The file has been changed. What is raised stays until the next look. */
  declare(thresholds: AlertThresholds): void {
    this.#thresholds = thresholds;
  }

  /**
   * Looks at the value. `atOnce`: it has been so for an unknown time, as at the start of the daemon. Returns whether the severity has
   * changed.
   */
  look(value: number, now: number, atOnce = false): boolean {
    const severity = this.#severityOf(value);
    const before = this.#raised?.severity;
    if (severity === before) {
      this.#leaning = undefined;
      this.#refresh(value, undefined);
      return false;
    }
    const up = rankOf(severity) > rankOf(before);
    if (this.#leaning?.up !== up) this.#leaning = { up, since: now };
    const dwellMs = up ? raiseDelayMs[this.kind] : this.#clearDelayMs(value);
    if (!(up && atOnce) && now - this.#leaning.since < dwellMs) {
      this.#refresh(value, up ? undefined : this.#leaning.since + dwellMs);
      return false;
    }
    this.#leaning = undefined;
    this.#raised = severity === undefined ? undefined : { severity, value, threshold: this.#thresholds[severity] ?? 0 };
    return true;
  }

  /** Dead letters are gone by the hand of a person, who wants to see that: with the last one the alert ends immediately. */
  #clearDelayMs(value: number): number {
    return this.kind === 'dead-letters' && value === 0 ? 0 : clearDelayMs;
  }

  #refresh(value: number, endsAt: number | undefined): void {
    if (this.#raised === undefined) return;
    const { severity, threshold } = this.#raised;
    this.#raised = { severity, value, threshold: this.#thresholds[severity] ?? threshold, ...(endsAt === undefined ? {} : { endsAt }) };
  }

  /** The greatest severity whose threshold is reached, or was reached and isn't yet left. Nothing at all is never an alert. */
  #severityOf(value: number): AlertSeverity | undefined {
    return alertSeverities.findLast((severity) => {
      const threshold = this.#thresholds[severity];
      if (threshold === undefined || value <= 0) return false;
      return value >= (rankOf(this.#raised?.severity) >= rankOf(severity) ? threshold * releaseShare : threshold);
    });
  }
}

function rankOf(severity: AlertSeverity | undefined): number {
  return severity === undefined ? -1 : alertSeverities.indexOf(severity);
}
