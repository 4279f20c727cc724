import { CodedError } from '../../../schemas/protocol/error.ts';
import { message } from '../../../schemas/wording/message.ts';
import type { Clock } from '../../core/clock.ts';
import { failPoint, hasFailPoint } from '../../platform/fail-point.ts';
import type { Committed } from '../store.ts';
import type { DaemonMemory } from './daemon-memory.ts';
import { Session } from './session.ts';
import { codedConnectError, codedStoreError, isPassing, isUnprepared, needsOtherConnection, placeOf, type StorePlace } from './store-error.ts';
import { NeedsAlone, Transaction, type Access, type BatchAccess } from './transaction.ts';
import { OwnJobsChanged, WriteTransaction } from './write-transaction.ts';

export interface WriterOptions {
  readonly url: string;
  readonly schema: string;
  readonly memory: DaemonMemory;
  readonly clock: Clock;
}

/** A batch is begun again so often where others are in its way. */
const mostTries = 8;
/** How long the server may be silent while it is asked something, in milliseconds: longer than a lock is waited for. Less when the daemon ends. */
const patience = { usualMs: 30_000, endingMs: 5000 } as const;
/** Pauses between two attempts to reach a server of which a daemon has to know whether it has committed, in milliseconds. */
const fatePauses = { first: 100, most: 5000 } as const;

/** What is done in a transaction of its own. */
export interface Write<Value> {
  readonly access: BatchAccess;
  readonly name: string;
  readonly work: (batch: WriteTransaction) => Promise<Value>;
  /** It may be decided while the commit of the one before is on its way. */
  readonly follows?: boolean;
  /** The next one that follows may begin. Not called if that has to wait for the end of this one. */
  readonly onSent?: () => void;
}

/**
 * The one connection of a daemon that writes. Its transactions are one after another, so the others can follow them by their numbers, and a commit whose answer was lost is found
 * by its number. What fails for want of a connection begins once more on a new one; is there none, it is refused, and the next call tries again.
 *
 * While the server makes a commit durable, the next transaction may be on its way behind it already (`follows`). It commits when it is known that the one before has, and if that has failed, it begins
 * again after it: the connection is given up then, and with it whatever had been sent.
 */
export class PostgresWriter {
  readonly place: StorePlace;
  readonly #url: string;
  readonly #memory: DaemonMemory;
  readonly #clock: Clock;
  #session: Session | undefined;
  #isPreparing = true;
  /** What was begun has ended. */
  #ended: Promise<unknown> = Promise.resolve();
  /** What was begun has ended, or can be followed. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Whose commit is on its way, if nothing has begun behind it yet. */
  #followable: { isFollowed: boolean } | undefined;
  #isEnding = false;
  #isClosed = false;

  constructor({ url, schema, memory, clock }: WriterOptions) {
    this.place = placeOf(url, schema);
    this.#url = url;
    this.#memory = memory;
    this.#clock = clock;
  }

  /** In a transaction of its own, after all that were asked for before. Rejects with `store-unavailable` where the server is at fault; nothing has happened then. */
  write<Value>(write: Write<Value>): Promise<{ readonly value: Value; readonly committed: Committed }> {
    const before = this.#ended;
    const { promise: sent, resolve } = Promise.withResolvers<undefined>();
    const onSent = (): void => {
      resolve(undefined);
      write.onSent?.();
    };
    return this.#begun((write.follows === true ? this.#turn : before).then(() => this.#write({ ...write, onSent }, before)), sent);
  }

  /** Between two transactions: as of one instant. */
  look<Value>(work: (tx: Transaction) => Promise<Value>): Promise<Value> {
    return this.#inTurnUnprepared(async () => {
      const session = await this.#connected();
      return this.#patiently(session, async () => {
        const tx = new Transaction(session, 'look', this.place.schema);
        try {
          const value = await work(tx);
          await tx.commit();
          return value;
        } catch (error) {
          await tx.rollback();
          throw tx.causeOf(error);
        }
      });
    });
  }

  /** With the connection itself, between two transactions. `work` may be begun again. */
  withSession<Value>(work: (session: Session) => Promise<Value>): Promise<Value> {
    return this.#inTurnUnprepared(async () => work(await this.#connected()));
  }

  /** The daemon ends: what has become of a change is waited for no longer, if there is no server to tell. */
  end(): void {
    this.#isEnding = true;
  }

  async close(): Promise<void> {
    this.end();
    await this.#ended;
    this.#isClosed = true;
    await this.#session?.end();
  }

  /** As `#inTurn`, of what may be begun again: behind a pooler, where what is prepared turns out to be another connection's. */
  #inTurnUnprepared<Value>(work: () => Promise<Value>): Promise<Value> {
    return this.#inTurn(async () => {
      try {
        return await work();
      } catch (error) {
        if (!this.#isPooled(error)) throw error;
        return work();
      }
    });
  }

  /** Statements can't be prepared, as has just turned out: from now on none is. */
  #isPooled(error: unknown): boolean {
    if (!this.#isPreparing || !isUnprepared(error)) return false;
    this.#isPreparing = false;
    return true;
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    return this.#begun(this.#ended.then(work));
  }

  /** `sent`: resolves when it can be followed. */
  #begun<Value>(work: Promise<Value>, sent?: Promise<unknown>): Promise<Value> {
    const done = work.catch((error: unknown) => {
      throw codedStoreError(error, this.place, this.#session?.isLost === true);
    });
    this.#ended = Promise.allSettled([this.#ended, done]);
    this.#turn = sent === undefined ? this.#ended : Promise.race([sent, this.#ended]);
    return done;
  }

  /** `before`: resolves when those before have ended. */
  async #write<Value>({ access, name, work, follows = false, onSent = () => {} }: Write<Value>, before: Promise<unknown>): Promise<{ readonly value: Value; readonly committed: Committed }> {
    let as: BatchAccess | 'sole' = access === 'beside' && this.#memory.isAlone ? 'sole' : access;
    let reconnected = false;
    for (let tries = 1; ; tries++) {
      if (follows && tries === 1 && this.#followable !== undefined) this.#followable.isFollowed = true;
      else await before;
      this.#followable = undefined;
      const own = { isFollowed: false };
      const session = await this.#connected();
      const batch = new WriteTransaction(new Transaction(session, as, this.place.schema), this.#memory);
      let value: Value | undefined;
      try {
        return await this.#patiently(session, async () => {
          value = await work(batch);
          if (hasFailPoint) failPoint(`${name}-before-commit`);
          const mayCommit = before.then(() => {
            if (session.isLost) throw new Error('the transaction before it has failed');
          });
          const committed = await batch.commit(mayCommit, () => {
            if (tries > 1) return;
            this.#followable = own;
            onSent();
          });
          this.#followable = undefined;
          if (hasFailPoint) failPoint(`${name}-after-commit`);
          return { value, committed };
        });
      } catch (thrown) {
        const error = batch.tx.causeOf(thrown);
        // What follows it was decided as if it had committed.
        this.#followable = undefined;
        if (needsOtherConnection(error) || own.isFollowed) session.abandon();
        await batch.tx.rollback();
        this.#memory.forgetUnsure();
        if (session.isLost && batch.tx.isEnding && batch.isWriting && (await this.#hasCommitted(this.#memory.seq + 1))) {
          return { value: value as Value, committed: await this.#committedBefore(batch) };
        }
        if (error instanceof NeedsAlone) as = 'alone';
        else if (error instanceof OwnJobsChanged) this.#memory.ownJobs.forget();
        else if (this.#isPooled(error)) continue;
        else if (session.isLost && !reconnected) reconnected = true;
        else if (!isPassing(error) || session.isLost || tries >= mostTries) throw error;
        else await this.#pause(Math.random() * 10 * tries);
      }
    }
  }

  /**
   * Whether a transaction has committed whose answer was lost with its connection. It had a share of the project's lock until it ended, so whoever has the lock alone knows that it
   * has ended, and its row tells how.
   */
  #hasCommitted(seq: number): Promise<boolean> {
    return this.#untilKnown('alone', async (tx) => {
      const row = await tx.one('SELECT 1 FROM commits WHERE daemon = $1 AND seq = $2', [this.#memory.daemon, seq]);
      await tx.rollback();
      return row !== undefined;
    });
  }

  #committedBefore(batch: WriteTransaction): Promise<Committed> {
    return this.#untilKnown('look', (tx) => batch.haveCommitted(tx));
  }

  /** The caller waits, however long there is no server, until the daemon ends: anything else could do twice what was done, or say that nothing was. */
  async #untilKnown<Value>(access: Access, work: (tx: Transaction) => Promise<Value>): Promise<Value> {
    for (let pauseMs: number = fatePauses.first; ; pauseMs = Math.min(pauseMs * 2, fatePauses.most)) {
      try {
        const session = await this.#connected();
        return await this.#patiently(session, () => work(new Transaction(session, access, this.place.schema)));
      } catch (error) {
        this.#isPooled(error);
        this.#session?.abandon();
        if (this.#isEnding) throw new CodedError('store-unavailable', message("The connection to the store's server {server} was lost in the middle of a change: whether it was made is not known.", { server: this.place.server }));
        await this.#pause(pauseMs);
      }
    }
  }

  async #connected(): Promise<Session> {
    if (this.#isClosed) throw new CodedError('store-unavailable', message('The store was closed.'));
    if (this.#session !== undefined && !this.#session.isLost) return this.#session;
    this.#memory.forgetNumbers();
    try {
      this.#session = await Session.connect({ url: this.#url, isPreparing: () => this.#isPreparing });
    } catch (error) {
      throw codedConnectError(error, this.place);
    }
    return this.#session;
  }

  #patiently<Value>(session: Session, work: () => Promise<Value>): Promise<Value> {
    return session.patiently(this.#clock, () => (this.#isEnding ? patience.endingMs : patience.usualMs), work);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimer(ms, resolve);
    });
  }
}
