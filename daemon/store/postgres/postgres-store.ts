import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { message } from '../../../schemas/wording/message.ts';
import { isRuled } from '../../ledger/decide.ts';
import { performBatchAwaited } from '../../ledger/perform.ts';
import { systemClock } from '../../platform/system-clock.ts';
import { linkHasher, linkKeyBytes } from '../../secrets/signal-link.ts';
import { StoreCalls, type StoreRead, type StoreWrite } from '../store-calls.ts';
import type { ItemStage } from '../item-stage.ts';
import type { Committed, DaemonAbout, LookParams, LookResult, OpenParams, OpenResult, Prefetch, Settled, Settlement, SettleParams, Store, Urgency } from '../store.ts';
import { AttemptJournal } from '../attempt-journal.ts';
import { areOfAttempts, CallBatches, type Performed, type StoreCall } from './call-batches.ts';
import { CommitFeed } from './commit-feed.ts';
import { checkIn, closeDaemon, dropOldCommits, listDaemons, openDaemon, recoverLost, type DaemonIdentity, type KnownAttempts, type Watch } from './daemon-seat.ts';
import { declarations } from './declarations.ts';
import { DaemonMemory } from './daemon-memory.ts';
import { allFigures, standingFigures, standingQueues, storedQueues } from './figures.ts';
import { readItems } from './item-stage.ts';
import { migrate, migrations, versionOf, type Migration } from './migrations.ts';
import { plainOperations } from './plain-operations.ts';
import { PostgresReader } from './postgres-reader.ts';
import { PostgresWriter } from './postgres-writer.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database`. It is never in what is told to people, or logged. */
  readonly url: string;
  /** Of the project: several can share a database. */
  readonly schema: string;
  /** Names this daemon among those that share the store: the same over its restarts. */
  readonly daemon: string;
  /** See `DaemonIdentity`. If omitted, whoever has the name is this daemon. */
  readonly occupant?: string;
  /** What it says of itself to the others. */
  readonly about?: DaemonAbout;
  /** For LISTEN, if the other URL leads to a pooler. */
  readonly listenUrl?: string;
  /** What links are made with that answer signals (`signal-link.ts`), if the store has no key yet. If omitted, one that nobody knows. */
  readonly linkKey?: string;
  /** The key that counts, for all daemons: that of the one that opened the store first. Called when it is opened. */
  readonly onLinkKey?: (key: string) => void;
  /**
   * Where this daemon notes what it knows of its attempts before that is in the store (`attempt-journal.ts`); the store's id is added to the name. Without it, a place is taken until
   * the outcome is in the store, and nothing is claimed ahead of a place.
   */
  readonly journalFile?: string;
  readonly clock?: Clock;
  /** Rates, holds and leases go by the clock of the server, which all daemons share; false: by the times that are handed in, as tests need it. True if omitted. */
  readonly hasServerClock?: boolean;
  /** What the server's clock has just said, in milliseconds since the epoch: when the store is opened and at each check-in, for a clock that follows it. */
  readonly onServerTime?: (wallMs: number) => void;
  /** Tests have those of another Sluice. */
  readonly migrations?: readonly Migration[];
}

/** Jobs of a queue that are held ahead of their start, at most: a transaction has a price of its own, on the server's side, so few large ones are better than many. */
const mostHeld = 1024;

/** Calls that may be decided beside those of other daemons: what they read is locked row by row. A decision that turns out to need more begins again alone. */
const beside: ReadonlySet<string> = new Set(['claim', 'settle', 'createRun', 'deliver', 'decideSchedule', 'promote', 'fanOut', 'recordSeries', 'saveAlerts', 'probe', 'reclaim', 'addItems', 'takeOverItems']);

/** The store of several daemons: the tables of a project in a schema of a Postgres database. */
export class PostgresStore extends StoreCalls implements Store {
  readonly isShared = true;
  readonly #memory = new DaemonMemory();
  readonly #identity: DaemonIdentity;
  /** Its name among the others, once it is open. */
  #seat = '';
  readonly #migrations: readonly Migration[];
  readonly #linkKey: string;
  readonly #onLinkKey: (key: string) => void;
  readonly #writer: PostgresWriter;
  readonly #batches: CallBatches;
  readonly #reader: PostgresReader;
  readonly #feed: CommitFeed;
  readonly #journalFile: string | undefined;
  #journal: AttemptJournal | undefined;
  readonly prefetch?: Prefetch;
  #listener: (committed: Committed) => void = () => {};
  #opening: Promise<void> = Promise.resolve();
  #isOpen = false;
  #closed: Promise<void> | undefined;

  constructor({ url, schema, daemon, occupant = '', about, listenUrl, linkKey = randomBytes(linkKeyBytes).toString('hex'), onLinkKey = () => {}, journalFile, clock = systemClock, hasServerClock = true, onServerTime = () => {}, migrations: steps = migrations }: PostgresOptions) {
    super();
    this.#identity = { name: daemon, occupant, ...(about === undefined ? {} : { about }) };
    this.#migrations = steps;
    this.#memory.storeVersion = steps.length;
    this.#memory.hasServerClock = hasServerClock;
    this.#memory.onServerTime = onServerTime;
    this.#linkKey = linkKey;
    this.#onLinkKey = onLinkKey;
    this.#writer = new PostgresWriter({ url, schema, memory: this.#memory, clock });
    this.#batches = new CallBatches({ clock, memory: this.#memory, perform: (calls, onSent) => this.#perform(calls, onSent), onCommitted: (committed) => this.#tell(committed) });
    this.#reader = new PostgresReader({ url, schema, clock });
    this.#journalFile = journalFile;
    if (journalFile !== undefined) {
      this.prefetch = { most: mostHeld, hold: ({ jobs, claimedAt }) => this.#journal?.shelve(jobs, claimedAt), start: ({ jobs }) => this.#journal?.begin(jobs) === true };
    }
    this.#feed = new CommitFeed({ url: listenUrl ?? url, schema, writer: this.#writer, memory: this.#memory, clock, tell: (committed) => this.#listener(committed) });
  }

  open(params: OpenParams): Promise<OpenResult> {
    const opening = this.#open(params);
    this.#opening = opening.then(() => undefined, () => undefined);
    return opening;
  }

  async #open({ anchor: { wallMs: now }, random }: OpenParams): Promise<OpenResult> {
    await this.#writer.withSession((session) => migrate(session, this.#writer.place, this.#migrations));
    const opened = await this.#writer.write({
      access: 'alone',
      name: 'open',
      work: (batch) => openDaemon(batch, { identity: this.#identity, place: this.#writer.place, linkKey: this.#linkKey, knownAttempts: (storeId) => this.#openJournal(storeId) }, { now, random }),
    });
    this.#memory.linkHash = linkHasher(opened.value.linkKey);
    this.#onLinkKey(opened.value.linkKey);
    const standing = await this.#writer.look(async (tx) => ({ figures: await standingFigures(tx, this.#memory.figures, allFigures), queues: await standingQueues(tx), stored: await storedQueues(tx, now) }));
    this.#memory.figures = standing.figures;
    this.#isOpen = true;
    void this.#feed.start(opened.value.heard);
    const { nextDueAt, ...figures } = standing.figures;
    const { interrupted, interruptedJobs, wasClosed, seat } = opened.value;
    this.#seat = seat;
    return {
      storeId: this.#memory.storeId,
      wasClosed,
      ...(seat === this.#identity.name ? {} : { seat }),
      interrupted,
      interruptedJobs,
      shiftMs: 0,
      unsettled: this.#journal?.takeOutcomes(opened.value.leftOpen) ?? [],
      queues: standing.stored,
      committed: { ...opened.committed, ...figures, ...(nextDueAt === undefined ? {} : { nextDueAt }), queues: standing.queues, runs: undefined },
    };
  }

  /** Each store has a journal of its own: the numbers of jobs are others in another one. */
  #openJournal(storeId: string): KnownAttempts {
    if (this.#journalFile === undefined) return { ended: [], unbegun: [] };
    this.#journal ??= new AttemptJournal(`${this.#journalFile}-${storeId}`);
    return { ended: this.#journal.ended, unbegun: this.#journal.shelved };
  }

  async look({ now }: LookParams): Promise<LookResult> {
    const version = await this.#writer.withSession((session) => versionOf(session, this.#writer.place.schema));
    if (version === 0) return { queues: [], depths: [], runningRuns: 0 };
    return this.#writer.look(async (tx) => ({
      queues: await storedQueues(tx, now),
      depths: await standingQueues(tx),
      runningRuns: (await standingFigures(tx, this.#memory.figures, { runningRuns: true })).runningRuns,
    }));
  }

  /** Reads now what other daemons have committed, instead of when a hint or the next look brings it. */
  hear(): Promise<void> {
    return this.#feed.hear();
  }

  checkIn: Store['checkIn'] = async (params) => {
    const checkedIn = await this.#reader.apart((tx) => checkIn(tx, this.#watch, { ...params, hints: this.#feed.hints, identity: this.#identity }));
    // Nobody waits for it, and the next time tries again.
    if (checkedIn.leads) this.#reader.apart(dropOldCommits).catch(() => {});
    return checkedIn;
  };

  recoverLost: Store['recoverLost'] = async (params) => {
    const { value: { goneBackTo, ...recovered }, committed } = await this.#writer.write({ access: 'alone', name: 'recoverLost', work: (batch) => recoverLost(batch, this.#watch, params) });
    this.#tell(committed);
    if (goneBackTo !== undefined) await this.#feed.goneBack(goneBackTo);
    return recovered;
  };

  get #watch(): Watch {
    return { memory: this.#memory, place: this.#writer.place, heard: this.#feed.heard };
  }

  listDaemons: Store['listDaemons'] = async ({ now }) => this.#opening.then(() => this.#reader.look((tx) => listDaemons(tx, this.#memory, now)));

  declarations: Store['declarations'] = async ({ now }) => this.#opening.then(() => this.#reader.look((tx) => declarations(tx, this.#memory, now)));

  get items(): ItemStage {
    return {
      self: this.#seat,
      add: (params) => this.#batches.call('addItems', params) as ReturnType<ItemStage['add']>,
      takeOver: (params) => this.#batches.call('takeOverItems', params) as ReturnType<ItemStage['takeOver']>,
      read: (params) => this.#opening.then(() => this.#reader.look((tx) => readItems(tx, params))),
    };
  }

  /** The server has its own files. */
  async retire(): Promise<never> {
    throw new CodedError('store-unavailable', message('A store on Postgres has no file of its own that could be copied: back it up with `pg_dump`.'));
  }

  async backUp(): Promise<never> {
    return this.retire();
  }

  async releaseMemory(): Promise<void> {}

  async isOverwritten(): Promise<boolean> {
    return false;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  onCommit(listener: (committed: Committed) => void): void {
    this.#listener = listener;
  }

  claim: Store['claim'] = ({ urgency, ...params }) => this.#batches.call('claim', params, urgency) as ReturnType<Store['claim']>;

  settle({ outcomes, urgency }: Parameters<Store['settle']>[0]): Settlement {
    // Large outputs have no room in it.
    const isSmall = outcomes.every(({ outcome }) => outcome.kind !== 'succeeded' || typeof outcome.output === 'string');
    const survivesCrash = isSmall && this.#journal?.noteOutcomes(outcomes, JSON.stringify(outcomes)) === true;
    return { survivesCrash, stored: this.#settled(outcomes, urgency) };
  }

  async #settled(outcomes: readonly SettleParams[], urgency: Urgency | undefined): Promise<Settled> {
    const settled = (await this.#batches.call('settle', { outcomes }, urgency)) as Settled;
    this.#journal?.settled(outcomes);
    return settled;
  }

  protected write(name: StoreWrite, params: object): Promise<unknown> {
    return this.#batches.call(name, params);
  }

  protected read(name: StoreRead, params: object): Promise<unknown> {
    return this.#opening.then(() => this.#reader.read(name, params));
  }

  async #perform(calls: readonly StoreCall[], onSent?: () => void): Promise<Performed> {
    await this.#opening;
    if (!this.#isOpen) throw new CodedError('store-unavailable', message('The store is not open.'));
    return this.#writer.write({
      access: calls.every(({ name }) => beside.has(name)) ? 'beside' : 'alone',
      name: calls[0]?.name ?? '',
      follows: areOfAttempts(calls),
      ...(onSent === undefined ? {} : { onSent }),
      work: (batch) => {
        batch.prepare(calls);
        return performBatchAwaited(batch, calls, async ({ name, params }) => {
          if (isRuled(name)) throw new Error(`the ledger decides ${name}`);
          batch.isWriting ||= name !== 'reclaim';
          const operation = plainOperations[name] as (tx: typeof batch, params: object) => Promise<unknown>;
          return operation(batch, params);
        });
      },
    });
  }

  /** The others have a hint of it, if they want one. */
  #tell(committed: Committed): void {
    this.#listener(committed);
    this.#feed.hint();
  }

  async #close(): Promise<void> {
    const ended = this.#batches.end();
    this.#writer.end();
    await ended;
    await this.#feed.stop();
    if (this.#isOpen) await this.#writer.write({ access: 'beside', name: 'close', work: (batch) => closeDaemon(batch) }).catch(() => {});
    await Promise.all([this.#writer.close(), this.#reader.close()]);
    this.#journal?.close();
  }
}
