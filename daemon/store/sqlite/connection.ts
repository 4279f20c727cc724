import type { Committed, OpenParams, OpenResult } from '../store.ts';
import type { ReadCall } from './reader.ts';
import type { WriteAnswer, WriteCall } from './writer.ts';

/** The way from a store's interface to its two database connections: in this thread, or in threads of their own. */
export interface Connection {
  open(params: OpenParams): Promise<OpenResult>;
  write(calls: readonly WriteCall[]): Promise<Written>;
  read(call: ReadCall): Promise<unknown>;
  close(): Promise<void>;
}

export interface Written {
  readonly answers: readonly WriteAnswer[];
  /** Missing where nothing was committed. */
  readonly committed: Committed | undefined;
}
