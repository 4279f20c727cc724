import type { AttemptRef, ClaimedAttempt } from '../../ledger/call.ts';
import type { OpenParams, OpenResult } from '../store.ts';

export interface Opening extends OpenParams {
  /** Attempts whose outcomes are in the journal. If one of them isn't in the store, the attempt stays open for it. */
  readonly ended: readonly AttemptRef[];
  /** Attempts that are noted as not begun. */
  readonly shelved: readonly ClaimedAttempt[];
}

export interface Opened extends Omit<OpenResult, 'unsettled'> {
  readonly leftOpen: readonly AttemptRef[];
}
