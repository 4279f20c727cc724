import type { SettleParams } from '../../ledger/call.ts';

/** Outcomes on their way to the writer, as the text that may have been noted. */
export interface SettleCall {
  /** JSON of `SettleParams[]`. */
  readonly outcomes: string;
  readonly now: number;
}

export function settleCall(outcomes: readonly SettleParams[]): SettleCall {
  return { outcomes: JSON.stringify(outcomes), now: outcomes.reduce((latest, { endedAt }) => Math.max(latest, endedAt), 0) };
}
