/** What a queue did in one step, with its depths at the end. */
export interface QueueStep {
  readonly depth: { readonly pending: number; readonly delayed: number; readonly active: number; readonly dead: number };
  readonly arrivals: number;
  readonly completions: number;
  readonly failures: number;
  readonly waiting: TimesSpent;
  readonly running: TimesSpent;
}

export interface TimesSpent {
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

export interface SeriesStep extends QueueStep {
  /** When the step began. */
  readonly at: number;
}
