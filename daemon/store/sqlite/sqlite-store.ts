import type { Committed, OpenParams, OpenResult, Store } from '../store.ts';
import type { Connection } from './connection.ts';
import type { ReadCall, ReadOperation } from './reader.ts';
import type { WriteCall, WriteOperation } from './writer.ts';

interface Queued {
  readonly call: WriteCall;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls that share one message to the writer, at most. */
const maxBatch = 5000;

/**
 * The embedded store. Writes of one turn of the event loop go to the writer together, and those that arrive while it
 * commits make up its next transaction: callers share an fsync without knowing of each other.
 */
export class SqliteStore implements Store {
  readonly #connection: Connection;
  #listener: (committed: Committed) => void = () => {};
  #queued: Queued[] = [];
  #flushing = false;
  readonly #underWay = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  open(params: OpenParams): Promise<OpenResult> {
    return this.#connection.open(params);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  onCommit(listener: (committed: Committed) => void): void {
    this.#listener = listener;
  }

  configure: Store['configure'] = (params) => this.#write('configure', params);
  createRun: Store['createRun'] = (params) => this.#write('createRun', params);
  claim: Store['claim'] = (params) => this.#write('claim', params);
  settle: Store['settle'] = (params) => this.#write('settle', params);
  expand: Store['expand'] = (params) => this.#write('expand', params);
  failExpansion: Store['failExpansion'] = (params) => this.#write('failExpansion', params);
  sweep: Store['sweep'] = (params) => this.#write('sweep', params);
  promote: Store['promote'] = (params) => this.#write('promote', params);
  cancelRun: Store['cancelRun'] = (params) => this.#write('cancelRun', params);
  cancelJob: Store['cancelJob'] = (params) => this.#write('cancelJob', params);
  replay: Store['replay'] = (params) => this.#write('replay', params);
  retry: Store['retry'] = (params) => this.#write('retry', params);
  discard: Store['discard'] = (params) => this.#write('discard', params);
  setQueue: Store['setQueue'] = (params) => this.#write('setQueue', params);
  recordSeries: Store['recordSeries'] = (params) => this.#write('recordSeries', params);
  prune: Store['prune'] = (params) => this.#write('prune', params);
  probe: Store['probe'] = (params) => this.#write('probe', params);

  workflowVersion: Store['workflowVersion'] = (params) => this.#read('workflowVersion', params);
  listRuns: Store['listRuns'] = (params) => this.#read('listRuns', params);
  getRun: Store['getRun'] = (params) => this.#read('getRun', params);
  listJobs: Store['listJobs'] = (params) => this.#read('listJobs', params);
  deadGroups: Store['deadGroups'] = (params) => this.#read('deadGroups', params);
  getJob: Store['getJob'] = (params) => this.#read('getJob', params);
  evaluate: Store['evaluate'] = (params) => this.#read('evaluate', params);
  series: Store['series'] = (params) => this.#read('series', params);
  oldestPending: Store['oldestPending'] = () => this.#read('oldestPending', undefined);
  check: Store['check'] = () => this.#read('check', undefined);
  size: Store['size'] = () => this.#read('size', undefined);

  #write<Name extends WriteOperation>(name: Name, params: Parameters<Store[Name]>[0]): ReturnType<Store[Name]> {
    const answer = new Promise((resolve, reject) => {
      this.#queued.push({ call: { name, params } as WriteCall, resolve, reject });
    });
    if (!this.#flushing) {
      this.#flushing = true;
      // After the poll phase, so that everything that sockets brought in this turn goes along.
      setImmediate(() => this.#flush());
    }
    return answer as ReturnType<Store[Name]>;
  }

  #read<Name extends ReadOperation>(name: Name, params: Parameters<Store[Name]>[0]): ReturnType<Store[Name]> {
    return this.#connection.read({ name, params } as ReadCall) as ReturnType<Store[Name]>;
  }

  #flush(): void {
    this.#flushing = false;
    const queued = this.#queued;
    this.#queued = [];
    for (let from = 0; from < queued.length; from += maxBatch) {
      const sent = this.#send(queued.slice(from, from + maxBatch));
      this.#underWay.add(sent);
      void sent.finally(() => this.#underWay.delete(sent));
    }
  }

  async #send(batch: readonly Queued[]): Promise<void> {
    try {
      const { answers, committed } = await this.#connection.write(batch.map(({ call }) => call));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index];
        if (answer?.ok === true) resolve(answer.value);
        else reject(answer?.error);
      }
      if (committed !== undefined) this.#listener(committed);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async #close(): Promise<void> {
    this.#flush();
    await Promise.all(this.#underWay);
    await this.#connection.close();
  }
}
