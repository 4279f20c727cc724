import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../../schemas/protocol/error.ts';
import type { Committed, SettleParams, Settled, Store } from '../store.ts';
import type { Opened, Opening } from './opening.ts';
import { failPoint, hasFailPoint } from '../../platform/fail-point.ts';
import { Database, type Durability } from './database.ts';
import { makeReclaimable } from './file-space.ts';
import type { Call, Operations, Recovered } from '../../ledger/call.ts';
import { soleDaemon } from '../../ledger/daemons.ts';
import { isRuled, stages } from '../../ledger/decide.ts';
import { migrate } from './migrations.ts';
import { factsAtHand, factSource } from './fact-source.ts';
import { configure, forgetLimits } from './operations/configure.ts';
import { probe } from './operations/probe.ts';
import { reclaim } from './operations/reclaim.ts';
import { recordSeries } from './operations/record-series.ts';
import { saveAlerts } from './operations/save-alerts.ts';
import { shiftAfterRest, shiftWaits } from './operations/shift-waits.ts';
import { codedOpenError, codedStoreError } from './store-error.ts';
import { settleCall, settledOutcomes, type SettleCall } from './settle-call.ts';
import { standingQueues, storedQueues } from './stored-queues.ts';
import { WriteTransaction, type StoredFacts } from './write-transaction.ts';
import { WriterState } from './writer-state.ts';

/** Operations without a rule about runs and jobs; each checks everything before it writes, as the ledger does. The others are decided there. */
const operations = { recordSeries, saveAlerts, shiftWaits, configure, forgetLimits, reclaim, probe } as const;

type WriteOperation = keyof typeof operations | Exclude<keyof Operations, 'recover' | 'advance'>;

/** Those whose calls are of the same shape as in the store's interface. */
export type PlainOperation = Exclude<WriteOperation, 'settle'>;

export type WriteCall =
  | { [Name in PlainOperation]: { readonly name: Name; readonly params: Parameters<Store[Name]>[0] } }[PlainOperation]
  | { readonly name: 'settle'; readonly params: SettleCall };

export type WriteAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

export interface Written {
  readonly answers: readonly WriteAnswer[];
  /** Missing where nothing was committed. */
  readonly committed: Committed | undefined;
}

export interface WriterOptions {
  readonly file: string;
  readonly durability: Durability;
  /** For a store that has none yet: 8 characters of `[a-z0-9]`, unlike those of any other store. */
  readonly newStoreId: () => string;
  /** What a test does to the connection before it is used, such as to let its disk be full. */
  readonly prepare?: (connection: DatabaseSync) => void;
}

/** The one connection that writes. Synchronous: it lives in a thread of its own, where an fsync keeps nobody waiting. */
export class Writer {
  readonly #db: Database;
  readonly #state: WriterState;
  readonly #facts: StoredFacts;
  readonly #newStoreId: () => string;
  readonly #file: string;

  #isOpen = false;
  /** What the state holds in memory may differ from the tables. */
  #stale = true;

  constructor({ file, durability, newStoreId, prepare }: WriterOptions) {
    this.#db = openMigrated(file, durability);
    prepare?.(this.#db.raw);
    this.#state = new WriterState(this.#db);
    this.#facts = { source: factSource(this.#state), atHand: factsAtHand(this.#state) };
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

  /**
   * Runs a batch in one transaction; where that fails, each call in one of its own, so that a bad one spoils no other. Where
   * the disk is at fault, all are refused at once: each would wait for the same lock, or fill the same disk, again.
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
    const now = latest(calls);
    const done = this.#transaction((tx) => {
      const answers = stages(calls).flatMap((stage) => answersOf(tx, stage, now));
      if (hasFailPoint) for (const { name } of calls) failPoint(`${name}-before-commit`);
      return answers;
    });
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

  close(): void {
    try {
      if (this.#isOpen) this.#db.sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('closed', 1)").run();
    } catch {
      // A full disk: then a crash is told that was none, if `daemon.json` stays as well.
    }
    this.#db.close();
  }

  #transaction<Value>(work: (tx: WriteTransaction) => Value): { readonly answers: Value; readonly committed: Committed } {
    const { raw } = this.#db;
    raw.exec('BEGIN IMMEDIATE');
    try {
      // Within the transaction, so that what can't be read is a failure of this batch, and is tried again with the next.
      if (this.#stale) this.#state.load();
      this.#stale = false;
      const tx = new WriteTransaction(this.#state, this.#facts);
      const answers = work(tx);
      const committed = tx.summary();
      raw.exec('COMMIT');
      return { answers, committed };
    } catch (error) {
      this.#stale = true;
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (raw.isTransaction) raw.exec('ROLLBACK');
      throw error;
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

function openMigrated(file: string, durability: Durability): Database {
  let db: Database | undefined;
  try {
    db = new Database({ file, durability, access: 'write' });
    migrate(db.raw, file);
    makeReclaimable(db.raw);
    return db;
  } catch (error) {
    db?.close();
    throw codedOpenError(error, file);
  }
}

/** The answers of one stage: of calls that the ledger decides together, or of one that is no business of its own. */
function answersOf(tx: WriteTransaction, stage: readonly WriteCall[], now: number): readonly WriteAnswer[] {
  const ruled = stage.flatMap((call) => ruledCall(call) ?? []);
  return ruled.length === stage.length ? tx.perform(ruled, now) : stage.map((call) => answer(tx, call));
}

function ruledCall(call: WriteCall): Call | undefined {
  if (call.name === 'settle') return { name: 'settle', params: { outcomes: settledOutcomes(call.params) } };
  return isRuled(call.name) ? (call as Call) : undefined;
}

function answer(tx: WriteTransaction, call: WriteCall): WriteAnswer {
  try {
    const operation = operations[call.name as keyof typeof operations] as (tx: WriteTransaction, params: WriteCall['params']) => unknown;
    return { ok: true, value: operation(tx, call.params) };
  } catch (error) {
    if (error instanceof CodedError) return { ok: false, error };
    throw error;
  }
}

/** The time of a batch is that of its latest call. */
function latest(calls: readonly WriteCall[]): number {
  return calls.reduce((time, { params }) => Math.max(time, 'now' in params ? params.now : 0), 0);
}

function mergedAll(parts: readonly Written[]): Committed | undefined {
  return parts.map(({ committed }) => committed).reduce(merged, undefined);
}

function merged(one: Committed | undefined, other: Committed | undefined): Committed | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const queues = new Map(one.queues.map((change) => [change.name, change]));
  for (const change of other.queues) {
    const { arrived, left } = queues.get(change.name) ?? { arrived: 0, left: 0 };
    queues.set(change.name, { ...change, arrived: change.arrived + arrived, left: change.left + left });
  }
  const runs = one.runs === undefined || other.runs === undefined ? undefined : [...new Set([...one.runs, ...other.runs])];
  const aborting = [...(one.aborting ?? []), ...(other.aborting ?? [])];
  const orders = [...(one.orders ?? []), ...(other.orders ?? [])];
  return { ...other, queues: [...queues.values()], runs, ...(aborting.length === 0 ? {} : { aborting }), ...(orders.length === 0 ? {} : { orders }) };
}
