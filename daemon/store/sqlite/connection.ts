import type { Committed, OpenParams, OpenResult, SettleParams } from '../store.ts';
import type { ReadCall } from './reader.ts';
import type { WriteAnswer, WriteCall } from './writer.ts';

/** The way from a store's interface to its two database connections: in this thread, or in threads of their own. */
export interface Connection {
  /** The store's file. */
  readonly file: string;
  open(params: ConnectionOpenParams): Promise<ConnectionOpened>;
  write(calls: readonly WriteCall[]): Promise<Written>;
  read(call: ReadCall): Promise<unknown>;
  close(): Promise<void>;
}

export interface Written {
  readonly answers: readonly WriteAnswer[];
  /** Missing where nothing was committed. */
  readonly committed: Committed | undefined;
}

/** Which attempt of which job. */
export type AttemptRef = Pick<SettleParams, 'jobId' | 'attempt'>;

export interface ConnectionOpenParams extends OpenParams {
  /** Attempts whose outcomes are noted. Where one of them isn't in the store, the attempt stays open for it. */
  readonly ended: readonly AttemptRef[];
  /** Attempts that are noted as not begun. */
  readonly shelved: readonly ShelvedAttempt[];
}

/** The time of its claim tells it from a later attempt of the same number: what goes back without having begun gives its number back. */
export interface ShelvedAttempt extends AttemptRef {
  readonly claimedAt: number;
}

export interface ConnectionOpened extends Omit<OpenResult, 'noted'> {
  readonly leftOpen: readonly AttemptRef[];
}
