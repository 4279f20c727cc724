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

/**
 * The one connection of a daemon that writes. Its transactions are one after another, so the others can follow them by their numbers, and a commit whose answer was lost is found
 * by its number. What fails for want of a connection begins once more on a new one; is there none, it is refused, and the next call tries again.
 */
export class PostgresWriter {
  readonly place: StorePlace;
  readonly #url: string;
  readonly #memory: DaemonMemory;
  readonly #clock: Clock;
  #session: Session | undefined;
  #isPreparing = true;
  #turn: Promise<unknown> = Promise.resolve();
  #isEnding = false;
  #isClosed = false;

  constructor({ url, schema, memory, clock }: WriterOptions) {
    this.place = placeOf(url, schema);
    this.#url = url;
    this.#memory = memory;
    this.#clock = clock;
  }

  /** In a transaction of its own, after all that were asked for before. Rejects with `store-unavailable` where the server is at fault; nothing has happened then. */
  write<Value>(access: BatchAccess, name: string, work: (batch: WriteTransaction) => Promise<Value>): Promise<{ readonly value: Value; readonly committed: Committed }> {
    return this.#inTurn(() => this.#write(access, name, work));
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
    await this.#turn.catch(() => {});
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
    const done = this.#turn.then(work, work).catch((error: unknown) => {
      throw codedStoreError(error, this.place, this.#session?.isLost === true);
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  async #write<Value>(access: BatchAccess, name: string, work: (batch: WriteTransaction) => Promise<Value>): Promise<{ readonly value: Value; readonly committed: Committed }> {
    let as: BatchAccess | 'sole' = access === 'beside' && this.#memory.isAlone ? 'sole' : access;
    let reconnected = false;
    for (let tries = 1; ; tries++) {
      const session = await this.#connected();
      const batch = new WriteTransaction(new Transaction(session, as, this.place.schema), this.#memory);
      let value: Value | undefined;
      try {
        return await this.#patiently(session, async () => {
          value = await work(batch);
          if (hasFailPoint) failPoint(`${name}-before-commit`);
          const committed = await batch.commit();
          if (hasFailPoint) failPoint(`${name}-after-commit`);
          return { value, committed };
        });
      } catch (thrown) {
        const error = batch.tx.causeOf(thrown);
        if (needsOtherConnection(error)) session.abandon();
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
