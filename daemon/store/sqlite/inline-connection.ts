import type { Connection } from './connection.ts';
import type { LookParams, LookResult } from '../store.ts';
import { Reader, type ReadCall } from './reader.ts';
import { Writer, type Opened, type Opening, type WriteCall, type WriterOptions, type Written } from './writer.ts';

/** Both connections in the caller's own thread: for tests, which need no second thread to be true. */
export class InlineConnection implements Connection {
  readonly #options: WriterOptions;
  #writer: Writer | undefined;
  #reader: Reader | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get file(): string {
    return this.#options.file;
  }

  async open(params: Opening): Promise<Opened> {
    await this.close();
    const writer = new Writer(this.#options);
    try {
      const opened = writer.open(params);
      this.#reader = new Reader(this.#options.file);
      this.#writer = writer;
      return opened;
    } catch (error) {
      writer.close();
      throw error;
    }
  }

  async look(params: LookParams): Promise<LookResult> {
    const reader = new Reader(this.#options.file, 'read-alone');
    this.#reader = reader;
    return reader.look(params);
  }

  async write(calls: readonly WriteCall[]): Promise<Written> {
    if (this.#writer === undefined) throw new Error('the store is not open');
    return this.#writer.run(calls);
  }

  async read(call: ReadCall): Promise<unknown> {
    if (this.#reader === undefined) throw new Error('the store is not open');
    return this.#reader.run(call);
  }

  async retire(file: string): Promise<void> {
    if (this.#writer === undefined) throw new Error('the store is not open');
    this.#writer.copyTo(file);
  }

  /** This thread's garbage is nobody else's. */
  async releaseMemory(): Promise<void> {}

  async isOverwritten(): Promise<boolean> {
    return this.#writer?.isOverwritten() === true;
  }

  async close(): Promise<void> {
    const isOverwritten = this.#writer?.isOverwritten() === true;
    if (!isOverwritten) this.#reader?.close();
    this.#writer?.close();
    if (isOverwritten) this.#reader?.close();
    this.#reader = this.#writer = undefined;
  }
}
