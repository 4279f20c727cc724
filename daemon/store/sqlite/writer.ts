import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { toldTogether } from '../commit-summary.ts';
import { assertUsable, copyMarkKey } from '../copy-mark.ts';
import type { Committed, OpenParams, OpenResult, SettleParams, Settled, Store } from '../store.ts';
import { failPoint, hasFailPoint } from '../../platform/fail-point.ts';
import { linkHasher, linkKeyBytes, linkKeyName } from '../../secrets/signal-link.ts';
import { Database, type Durability } from './database.ts';
import { makeReclaimable } from './file-space.ts';
import { HeaderStamp } from './header-stamp.ts';
import type { AttemptRef, Call, ClaimedAttempt, Operations, Recovered } from '../../ledger/call.ts';
import { soleDaemon } from '../../ledger/daemons.ts';
import { performBatch } from '../../ledger/perform.ts';
import type { SignalLinkRow } from '../../ledger/row.ts';
import { assertNotNewer, migrate, readVersion } from './migrations.ts';
import { factsAtHand, factSource } from './fact-source.ts';
import { plainOperations, shiftAfterRest } from './plain-operations.ts';
import { codedOpenError, codedStoreError } from './store-error.ts';
import { settleCall, settledOutcomes, type SettleCall } from './settle-call.ts';
import { standingQueues, storedQueues } from './stored-queues.ts';
import { WriteTransaction, type StoredFacts } from './write-transaction.ts';
import { WriterState } from './writer-state.ts';

type WriteOperation = keyof typeof plainOperations | Exclude<keyof Operations, 'recover' | 'advance'>;

/** Those whose calls are of the same shape as in the store's interface. */
export type PlainOperation = Exclude<WriteOperation, 'settle'>;

export type WriteCall =
  | { [Name in PlainOperation]: { readonly name: Name; readonly params: Parameters<Store[Name]>[0] } }[PlainOperation]
  | { readonly name: 'settle'; readonly params: SettleCall };

export type WriteAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

export interface Written {
  readonly answers: readonly WriteAnswer[];
  /** Missing if nothing was committed. */
  readonly committed: Committed | undefined;
}

export interface WriterOptions {
  readonly file: string;
  readonly durability: Durability;
  /** For a store that has none yet: 8 characters of `[a-z0-9]`, unlike those of any other store. */
  readonly newStoreId: () => string;
  /** What links are made with that answer signals, see `signal-link.ts`; if omitted, one that nobody keeps. */
  readonly linkKey?: string | undefined;
  /** What a test does to the connection before it is used, such as to let its disk be full. */
  readonly prepare?: (connection: DatabaseSync) => void;
}

export interface Opening extends OpenParams {
  /** Attempts whose outcomes are in the journal. If one of them isn't in the store, the attempt stays open for it. */
  readonly ended: readonly AttemptRef[];
  /** Attempts that are noted as not begun. */
  readonly shelved: readonly ClaimedAttempt[];
}

export interface Opened extends Omit<OpenResult, 'unsettled'> {
  readonly leftOpen: readonly AttemptRef[];
}

/** The one connection that writes. Synchronous: it lives in a thread of its own, where an fsync keeps nobody waiting. */
export class Writer {
  readonly #db: Database;
  readonly #state: WriterState;
  readonly #facts: StoredFacts;
  readonly #stamp: HeaderStamp;
  readonly #newStoreId: () => string;
  readonly #linkKey: string;
  readonly #file: string;

  #isOpen = false;
  /** What the state holds in memory may differ from the tables. */
  #stale = true;

  constructor({ file, durability, newStoreId, linkKey = randomBytes(linkKeyBytes).toString('hex'), prepare }: WriterOptions) {
    const { db, stamp } = openMigrated(file, durability);
    this.#db = db;
    this.#stamp = stamp;
    prepare?.(this.#db.raw);
    this.#state = new WriterState(this.#db);
    this.#linkKey = linkKey;
    this.#facts = { source: factSource(this.#state), atHand: factsAtHand(this.#state), linkHash: linkHasher(linkKey) };
    this.#newStoreId = newStoreId;
    this.#file = file;
  }

  open(params: Opening): Opened {
    try {
      return this.#open(params);
    } catch (error) {
      throw codedOpenError(error, this.#file);
    }
  }

  #open(params: Opening): Opened {
    const { anchor, random, ended, shelved } = params;
    const now = anchor.wallMs;
    const { answers, committed } = this.#transaction((tx) => {
      // First, because what is recovered gets times of now.
      const shiftMs = shiftAfterRest(tx, anchor);
      const [recovered] = tx.perform([{ name: 'recover', params: { daemon: soleDaemon, now, random, ended, unbegun: shelved } }], now);
      if (recovered?.ok !== true) throw recovered?.error ?? new Error('nothing was recovered');
      this.#useLinkKey();
      const wasClosed = tx.db.sql("DELETE FROM meta WHERE key = 'closed'").run().changes > 0;
      const opened = { ...(recovered.value as Recovered), wasClosed, shiftMs, storeId: this.#storeId() };
      failPoint('open-before-commit');
      return opened;
    });
    failPoint('open-after-commit');
    this.#isOpen = true;
    return {
      ...answers,
      queues: storedQueues(this.#db, now),
      committed: { ...committed, queues: standingQueues(this.#state), runs: undefined },
    };
  }

  /** With another key than before, jobs that are still to be sent carry other links, and those that were sent with the old one hold no longer. */
  #useLinkKey(): void {
    const name = linkKeyName(this.#linkKey);
    if (this.#db.sql("SELECT value FROM meta WHERE key = 'link_key'").get()?.['value'] === name) return;
    const links = this.#db.sql('SELECT job_id, name, made_at FROM signal_links').all() as unknown as Pick<SignalLinkRow, 'job_id' | 'name' | 'made_at'>[];
    const update = this.#db.sql('UPDATE signal_links SET hash = ? WHERE job_id = ? AND name = ?');
    for (const link of links) update.run(this.#facts.linkHash(link.job_id, link.made_at, link.name), link.job_id, link.name);
    this.#db.sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('link_key', ?)").run(name);
  }

  /**
   * Runs a batch in one transaction; where that fails, each call in one of its own, so that a bad one spoils no other. Where
   * the disk is at fault, all are refused immediately: each would wait for the same lock, or fill the same disk, again.
   */
  run(calls: readonly WriteCall[]): Written {
    try {
      return this.#runTogether(calls);
    } catch (error) {
      const coded = codedStoreError(error);
      const [only, ...others] = calls;
      if (coded instanceof CodedError) return { answers: calls.map(() => ({ ok: false, error: coded })), committed: undefined };
      if (only !== undefined && others.length === 0) return only.name === 'settle' ? this.#settleApart(settledOutcomes(only.params), error) : { answers: [{ ok: false, error }], committed: undefined };
    }
    const parts = calls.map((call) => this.run([call]));
    return { answers: parts.flatMap((part) => part.answers), committed: mergedAll(parts) };
  }

  /** Outcomes that failed together. */
  #settleApart(outcomes: readonly SettleParams[], error: unknown): Written {
    if (outcomes.length === 1) return { answers: [{ ok: true, value: { refused: [], failed: [{ index: 0, error }] } satisfies Settled }], committed: undefined };
    const parts = outcomes.map((outcome) => this.run([{ name: 'settle', params: settleCall([outcome]) }]));
    const answers = parts.map(({ answers: [only] }) => only);
    const unavailable = answers.find((one) => one?.ok === false);
    const settled = answers.map((one) => (one?.ok === true ? (one.value as Settled) : undefined));
    const value: Settled = {
      refused: settled.flatMap((one, index) => (one?.refused.length === 1 ? [index] : [])),
      failed: settled.flatMap((one, index) => one?.failed.map((failure) => ({ ...failure, index })) ?? []),
    };
    return { answers: [unavailable ?? { ok: true, value }], committed: mergedAll(parts) };
  }

  #runTogether(calls: readonly WriteCall[]): { readonly answers: readonly WriteAnswer[]; readonly committed: Committed } {
    const transact = (): { readonly answers: readonly WriteAnswer[]; readonly committed: Committed } =>
      this.#transaction((tx) => {
        const answers = performBatch(tx, calls.map(received), (call) => carryOut(tx, call));
        if (hasFailPoint) for (const { name } of calls) failPoint(`${name}-before-commit`);
        return answers;
      });
    const done = calls.some(({ name }) => name === 'keepToken') ? this.#db.withFullSync(transact) : transact();
    if (hasFailPoint) for (const { name } of calls) failPoint(`${name}-after-commit`);
    // The file gets shorter when the log is written into it, which a transaction can't do.
    if (calls.some((call) => call.name === 'reclaim' && call.params.last === true)) this.#db.raw.exec('PRAGMA wal_checkpoint(PASSIVE)');
    return done;
  }

  /**
   * Everything that is committed, into a new file that is on disk when this returns.
   *
   * @throws where there is such a file already, or it can't be written; nothing of it is left then
   */
  copyTo(file: string): void {
    // For its owner alone, as the store is; SQLite takes an empty file for none.
    const descriptor = openSync(file, 'wx', 0o600);
    try {
      this.#db.raw.prepare('VACUUM INTO ?').run(file);
      fsyncSync(descriptor);
    } catch (error) {
      rmSync(file, { force: true });
      throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  releaseMemory(): void {
    this.#db.releaseMemory();
  }

  /** See `Store.isOverwritten`. @throws CodedError or an error of the file system where that can't be told now */
  isOverwritten(): boolean {
    return this.#stamp.look();
  }

  /** If the file was overwritten, another connection has to be open until after this: the last one to close writes the log into the file. */
  close(): void {
    try {
      if (this.#isOpen && !this.#stamp.isOverwritten) this.#db.sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('closed', 1)").run();
    } catch {
      // A full disk: then a crash is told that was none, if `daemon.json` stays as well.
    }
    this.#db.close();
    this.#stamp.close();
  }

  #transaction<Value>(work: (tx: WriteTransaction) => Value): { readonly answers: Value; readonly committed: Committed } {
    const { raw } = this.#db;
    if (this.#stamp.isOverwritten) throw this.#stamp.error();
    raw.exec('BEGIN IMMEDIATE');
    try {
      // Within the transaction, so that what can't be read is a failure of this batch, and is tried again with the next.
      if (this.#stale) this.#state.load();
      this.#stale = false;
      const tx = new WriteTransaction(this.#state, this.#facts);
      const answers = work(tx);
      const committed = tx.summary();
      this.#stamp.assertOwn(raw);
      raw.exec('COMMIT');
      this.#stamp.committed();
      return { answers, committed };
    } catch (error) {
      this.#stale = true;
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (raw.isTransaction) raw.exec('ROLLBACK');
      // What another file brings into a decision can fail in any way.
      throw this.#wasOverwritten() ? this.#stamp.error() : error;
    }
  }

  #wasOverwritten(): boolean {
    try {
      return this.#stamp.look();
    } catch {
      return false;
    }
  }

  #storeId(): string {
    const known = this.#db.sql("SELECT value FROM meta WHERE key = 'store_id'").get();
    if (known !== undefined) return String(known['value']);
    const id = this.#newStoreId();
    this.#db.sql("INSERT INTO meta (key, value) VALUES ('store_id', ?)").run(id);
    return id;
  }
}

function openMigrated(file: string, durability: Durability): { readonly db: Database; readonly stamp: HeaderStamp } {
  let db: Database | undefined;
  try {
    db = new Database({ file, durability, access: 'write' });
    assertNotNewer(db.raw, file);
    if (readVersion(db.raw) > 0) assertUsable(file, db.sql('SELECT value FROM meta WHERE key = ?').get(copyMarkKey)?.['value']);
    migrate(db.raw, file);
    makeReclaimable(db.raw);
    return { db, stamp: new HeaderStamp(file) };
  } catch (error) {
    db?.close();
    throw codedOpenError(error, file);
  }
}

/** A call as the ledger knows it. */
function received(call: WriteCall): Call | WriteCall {
  return call.name === 'settle' ? { name: 'settle', params: { outcomes: settledOutcomes(call.params) } } : call;
}

function carryOut(tx: WriteTransaction, { name, params }: Call | WriteCall): unknown {
  const operation = plainOperations[name as keyof typeof plainOperations] as (tx: WriteTransaction, params: object) => unknown;
  return operation(tx, params);
}

function mergedAll(parts: readonly Written[]): Committed | undefined {
  return parts.map(({ committed }) => committed).reduce((one, other) => (one === undefined || other === undefined ? (one ?? other) : toldTogether(one, other)), undefined);
}
