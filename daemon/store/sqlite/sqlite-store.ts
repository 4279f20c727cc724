import type { Clock, Timer } from '../../core/clock.ts';
import { systemClock } from '../../platform/system-clock.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { message } from '../../../schemas/wording/message.ts';
import { shiftedOutcome } from '../shifted-outcome.ts';
import { StoreCalls, type StoreRead, type StoreWrite } from '../store-calls.ts';
import type { Committed, LookParams, LookResult, OpenParams, OpenResult, Prefetch, Settled, Settlement, SettleParams, Store, Urgency } from '../store.ts';
import { AttemptJournal } from '../attempt-journal.ts';
import type { Connection } from './connection.ts';
import type { ReadCall } from './reader.ts';
import { settleCall, type SettleCall } from './settle-call.ts';
import { backUpStore } from './store-backup.ts';
import { ThreadConnection, type ThreadOptions } from './thread-connection.ts';
import type { WriteCall } from './writer.ts';

interface Queued {
  readonly call: WriteCall;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls that share one message to the writer, at most. */
const maxBatch = 5000;
/** Jobs of a queue that are held ahead of their start, at most. */
const mostHeld = 256;
/** Lazy calls are sent this long after the last message, in milliseconds. */
const lazyMs = 5;

/**
 * The embedded store. Writes of one turn of the event loop go to the writer together, and those that arrive while it
 * commits make up its next transaction: callers share an fsync without knowing of each other.
 */
export class SqliteStore extends StoreCalls implements Store {
  readonly #connection: Connection;
  readonly #clock: Clock;
  #journal: AttemptJournal | undefined;
  #listener: (committed: Committed) => void = () => {};
  /** Reads wait for it. */
  #opening: Promise<void> = Promise.resolve();
  /** It is open for a look only. */
  #lookedAt: LookParams | undefined;
  #isRetired = false;
  #queued: Queued[] = [];
  #immediate: NodeJS.Immediate | undefined;
  #timer: Timer | undefined;
  #sentAt = -Infinity;
  readonly #underWay = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(connection: Connection, clock: Clock = systemClock) {
    super();
    this.#connection = connection;
    this.#clock = clock;
  }

  open(params: OpenParams): Promise<OpenResult> {
    const opening = this.#open(params);
    this.#opening = opening.then(() => undefined, () => undefined);
    return opening;
  }

  async look(params: LookParams): Promise<LookResult> {
    const looked = await this.#connection.look(params);
    this.#lookedAt = params;
    return looked;
  }

  async #open(params: OpenParams): Promise<OpenResult> {
    // What it has found is needed until the store is open.
    const journal = (this.#journal ??= new AttemptJournal(`${this.#connection.file}-attempts`));
    const { ended, shelved } = journal;
    try {
      const { leftOpen, ...opened } = await this.#connection.open({ ...params, ended, shelved });
      this.#lookedAt = undefined;
      return { ...opened, unsettled: journal.takeOutcomes(leftOpen).map((outcome) => shiftedOutcome(outcome, opened.shiftMs)) };
    } catch (error) {
      if (this.#lookedAt !== undefined) await this.#connection.look(this.#lookedAt);
      throw error;
    }
  }

  async retire({ file }: Parameters<Store['retire']>[0]): Promise<void> {
    this.#flush();
    this.#isRetired = true;
    try {
      // After everything that was sent before: messages stay in their order.
      await this.#connection.retire(file);
    } catch (error) {
      this.#isRetired = false;
      throw error;
    }
  }

  async backUp({ to, now }: Parameters<Store['backUp']>[0]): ReturnType<Store['backUp']> {
    await this.#opening;
    // What was confirmed before is in the file, or its log.
    return { bytes: await backUpStore({ file: this.#connection.file, to, now }) };
  }

  releaseMemory(): Promise<void> {
    return this.#connection.releaseMemory();
  }

  isOverwritten(): Promise<boolean> {
    return this.#connection.isOverwritten();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  onCommit(listener: (committed: Committed) => void): void {
    this.#listener = listener;
  }

  claim: Store['claim'] = ({ urgency, ...params }) => this.#queue({ name: 'claim', params }, urgency) as ReturnType<Store['claim']>;

  readonly prefetch: Prefetch = {
    most: mostHeld,
    hold: ({ jobs, claimedAt }) => this.#journal?.shelve(jobs, claimedAt),
    start: ({ jobs }) => this.#journal?.begin(jobs) === true,
  };

  settle({ outcomes, urgency }: Parameters<Store['settle']>[0]): Settlement {
    const call = settleCall(outcomes);
    // Large outputs have no room in it.
    const survivesCrash = call.outputs === undefined && this.#journal?.noteOutcomes(outcomes, call.outcomes) === true;
    return { survivesCrash, stored: this.#settled(outcomes, call, urgency) };
  }

  async #settled(outcomes: readonly SettleParams[], call: SettleCall, urgency: Urgency | undefined): Promise<Settled> {
    const settled = (await this.#queue({ name: 'settle', params: call }, urgency)) as Settled;
    this.#journal?.settled(outcomes);
    return settled;
  }

  protected write(name: StoreWrite, params: object): Promise<unknown> {
    return this.#queue({ name, params } as WriteCall);
  }

  protected read(name: StoreRead, params: object): Promise<unknown> {
    return this.#opening.then(() => this.#connection.read({ name, params } as ReadCall));
  }

  #queue(call: WriteCall, urgency: Urgency = 'immediate'): Promise<unknown> {
    if (this.#lookedAt !== undefined) return Promise.reject(new CodedError('store-unavailable', message('The store can be read and not written: the disk is full.'), { noRoom: true }));
    if (this.#isRetired) return Promise.reject(new CodedError('store-unavailable', message('The store was saved into another file, and its daemon ends: nothing was changed.')));
    const answer = new Promise((resolve, reject) => {
      this.#queued.push({ call, resolve, reject });
    });
    if (urgency === 'lazy') this.#sendSoon();
    else this.#sendNow();
    return answer;
  }

  /** Its file is locked for one daemon. */
  readonly isShared = false;

  listDaemons: Store['listDaemons'] = async () => [];

  declarations: Store['declarations'] = async () => undefined;

  checkIn: Store['checkIn'] = async () => ({ others: [], leads: true });

  recoverLost: Store['recoverLost'] = async () => ({ interrupted: 0, interruptedJobs: [] });

  /** After the poll phase, so that everything that sockets brought in this turn goes along. */
  #sendNow(): void {
    if (this.#immediate !== undefined) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#immediate = setImmediate(() => this.#flush());
  }

  /** Large transactions cost less: a commit writes whole pages, and wakes threads. */
  #sendSoon(): void {
    if (this.#immediate !== undefined || this.#timer !== undefined) return;
    const waitMs = this.#sentAt + lazyMs - this.#clock.monotonic();
    if (waitMs < 1) this.#sendNow();
    else this.#timer = this.#clock.setTimer(waitMs, () => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#immediate);
    this.#timer?.cancel();
    this.#immediate = this.#timer = undefined;
    this.#sentAt = this.#clock.monotonic();
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
    this.#journal?.close();
  }
}

/** The store in that file, which is made if there is none; call its `open` next. */
export function openSqliteStore(options: ThreadOptions): SqliteStore {
  return new SqliteStore(new ThreadConnection(options));
}
