import type { OpenParams, OpenResult, SettleParams } from '../store.ts';

/** Which attempt of which job. */
export type AttemptRef = Pick<SettleParams, 'jobId' | 'attempt'>;

export interface Opening extends OpenParams {
  /** Attempts whose outcomes are noted. Where one of them isn't in the store, the attempt stays open for it. */
  readonly ended: readonly AttemptRef[];
  /** Attempts that are noted as not begun. */
  readonly shelved: readonly ShelvedAttempt[];
}

/** The time of its claim tells it from a later attempt of the same number: what goes back without having begun gives its number back. */
export interface ShelvedAttempt extends AttemptRef {
  readonly claimedAt: number;
}

export interface Opened extends Omit<OpenResult, 'noted'> {
  readonly leftOpen: readonly AttemptRef[];
}
