import type { LookParams, LookResult } from '../store.ts';
import type { ReadCall } from './reader.ts';
import type { Opened, Opening, WriteCall, Written } from './writer.ts';

/** The way from a store's interface to its two database connections: in this thread, or in threads of their own. */
export interface Connection {
  /** The store's file. */
  readonly file: string;
  open(params: Opening): Promise<Opened>;
  /** See `Store.look`; until the next `open`. */
  look(params: LookParams): Promise<LookResult>;
  write(calls: readonly WriteCall[]): Promise<Written>;
  read(call: ReadCall): Promise<unknown>;
  /** See `Store.retire`. */
  retire(file: string): Promise<void>;
  /** See `Store.releaseMemory`. */
  releaseMemory(): Promise<void>;
  /** See `Store.isOverwritten`. */
  isOverwritten(): Promise<boolean>;
  close(): Promise<void>;
}
