import { Worker } from 'node:worker_threads';
import type { LookParams, LookResult } from '../store.ts';
import type { Connection } from './connection.ts';
import type { Durability } from './database.ts';
import type { ReadCall } from './reader.ts';
import { receivedError, type SentAnswer, type WorkerReply, type WorkerRequest, type WorkerStart } from './worker-message.ts';
import type { Opened, Opening, WriteCall, Written } from './writer.ts';

interface Waiting {
  readonly resolve: (reply: WorkerReply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The garbage of a batch dies young: with V8's own limit, a thread under load would keep tens of megabytes for it. In megabytes.
 */
const youngGenerationMb = 12;

export interface ThreadOptions {
  readonly file: string;
  readonly durability: Durability;
  /** See `WriterOptions`. */
  readonly linkKey?: string | undefined;
  /** A thread has ended by itself: nothing can be read or written. */
  readonly onFailure?: ((error: Error) => void) | undefined;
}

/** Both connections in threads of their own, so that neither an fsync nor a long list stops the event loop. */
export class ThreadConnection implements Connection {
  readonly file: string;
  readonly #writer: StoreThread;
  readonly #reader: StoreThread;

  constructor({ onFailure = () => {}, ...options }: ThreadOptions) {
    this.file = options.file;
    this.#writer = new StoreThread({ role: 'writer', ...options }, onFailure);
    this.#reader = new StoreThread({ role: 'reader', ...options }, onFailure);
  }

  async open(params: Opening): Promise<Opened> {
    await this.#reader.one({ kind: 'leave' });
    const opened = (await this.#writer.one({ kind: 'open', params })) as Opened;
    await this.#reader.one({ kind: 'open', params });
    return opened;
  }

  async look(params: LookParams): Promise<LookResult> {
    return (await this.#reader.one({ kind: 'look', params })) as LookResult;
  }

  async write(calls: readonly WriteCall[]): Promise<Written> {
    const { answers, committed } = await this.#writer.send({ kind: 'write', calls });
    return {
      answers: answers.map((answer) => (answer.ok ? answer : { ok: false, error: receivedError(answer.error) })),
      committed,
    };
  }

  async read(call: ReadCall): Promise<unknown> {
    return this.#reader.one({ kind: 'read', call });
  }

  async retire(file: string): Promise<void> {
    await this.#writer.one({ kind: 'retire', file });
  }

  async releaseMemory(): Promise<void> {
    await Promise.all([this.#writer, this.#reader].map((thread) => thread.one({ kind: 'releaseMemory' })));
  }

  async isOverwritten(): Promise<boolean> {
    return (await this.#writer.one({ kind: 'isOverwritten' })) === true;
  }

  async close(): Promise<void> {
    // The last connection to close writes the log into the store, unless it only reads: the reader, if the file is another one's by now.
    const isOverwritten = await this.isOverwritten().catch(() => false);
    const [first, last] = isOverwritten ? [this.#writer, this.#reader] : [this.#reader, this.#writer];
    try {
      await first.close();
    } finally {
      await last.close();
    }
  }
}

/** One thread and the requests that it hasn't answered. */
class StoreThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #nextId = 1;
  #end: Error | undefined;
  #closing = false;

  constructor(start: WorkerStart, onFailure: (error: Error) => void) {
    this.#worker = new Worker(sqliteWorkerUrl, { workerData: start, execArgv: ['--disable-warning=ExperimentalWarning'], resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb } });
    this.#worker.on('message', (reply: WorkerReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      waiting?.resolve(reply);
    });
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#fail(new Error("the store's thread has ended"));
        resolve();
        if (!this.#closing && this.#end !== undefined) onFailure(this.#end);
      });
    });
  }

  send(request: WithoutId<WorkerRequest>): Promise<WorkerReply> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id });
    });
  }

  async one(request: WithoutId<WorkerRequest>): Promise<unknown> {
    const { answers } = await this.send(request);
    const answer: SentAnswer | undefined = answers[0];
    if (answer?.ok === false) throw receivedError(answer.error);
    return answer?.value;
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#end === undefined) await this.one({ kind: 'close' });
    await this.#exited;
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
  }
}

type WithoutId<Request> = Request extends unknown ? Omit<Request, 'id'> : never;

/**
 * The program of the store's worker thread, for `new Worker(sqliteWorkerUrl)`.
 *
 * In source this file and the worker are `.ts` files side by side. In a build, `scripts/build.ts` bundles this module into
 * `dist/cli.js`, `dist/daemon.js` or a `dist/chunk-*.js` that they share, and the worker into `dist/sqlite-worker.js`; all
 * lie flat in `dist/`. So the worker is next to this module either way, with this module's own extension.
 */
const sqliteWorkerUrl: URL = new URL(`./sqlite-worker${extension()}`, import.meta.url);

function extension(): '.ts' | '.js' {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js';
}
