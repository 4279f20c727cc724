import { statSync } from 'node:fs';
import type { LookParams, LookResult, Store } from '../store.ts';
import type { StoreRead } from '../store-calls.ts';
import type { CodedError } from '../../../schemas/protocol/error.ts';
import { KeptWorkflows } from '../../core/kept-workflows.ts';
import { Database } from './database.ts';
import { copyToMemory, isSmallEnoughToCopy } from './memory-copy.ts';
import { migrateCopy, migrations, NewerStoreError, noRoomToMigrate, readVersion } from './migrations.ts';
import { codedOpenError, codedStoreError } from './store-error.ts';
import { standingQueues, storedQueues } from './stored-queues.ts';
import { WriterState } from './writer-state.ts';
import { bulkJobs, bulkTally, deadDrafts, deadGroups, draftedJobs, getBulk, listBulks, replayTally } from './queries/dead-letters.ts';
import { getDelivery, listDeliveries } from './queries/deliveries.ts';
import { check, jobsAhead, listAlertBooks, listAlerts, oldestPending, series, size } from './queries/figures.ts';
import { evaluate, getRun, keptWorkflow, listRuns, listSchedules } from './queries/runs.ts';
import { getJob, listJobs } from './queries/jobs.ts';
import { signalLink, signalWaits } from './queries/signals.ts';

export type ReadCall = { [Name in StoreRead]: { readonly name: Name; readonly params: Parameters<Store[Name]>[0] } }[StoreRead];

/** A connection of its own for what people look at, so that no list keeps a claim waiting. */
export class Reader {
  #db: Database;
  #copied: Database | undefined;
  readonly #file: string;
  readonly #workflows = new KeptWorkflows();

  /** `access`: `read-alone` where no writer has the store open. */
  constructor(file: string, access: 'read' | 'read-alone' = 'read') {
    this.#file = file;
    try {
      // Where no store is yet, everything is empty.
      const isThere = access === 'read' || (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
      this.#db = new Database(isThere ? { file, durability: 'normal', access } : copyToMemory());
      // From its first query on it has a share of the file's lock, by which the writer can close without writing its log into the file.
      if (access === 'read') this.#db.raw.exec('SELECT 1 FROM sqlite_schema');
    } catch (error) {
      throw codedOpenError(error, file);
    }
  }

  /** How everything stands, without opening the store for use. @throws CodedError `store-unavailable` where another version of Sluice has written it */
  look({ now }: LookParams): LookResult {
    try {
      const version = readVersion(this.#db.raw);
      if (version > migrations.length) throw new NewerStoreError(`the store ${this.#file} has version ${version}`);
      const older = version > 0 && version < migrations.length ? noRoomToMigrate(this.#db.raw, this.#file, { isShown: isSmallEnoughToCopy(this.#db.raw) }) : undefined;
      if (version < migrations.length) this.#lookAtCopy(older);
      const state = new WriterState(this.#db);
      state.load();
      return { queues: storedQueues(this.#db, now), depths: standingQueues(state), runningRuns: state.runningRuns, ...(older === undefined ? {} : { older: { problem: older.told, neededBytes: Number(older.data['neededBytes']) } }) };
    } catch (error) {
      throw codedOpenError(error, this.#file);
    }
  }

  /** The queries are for the tables of now: the copy gets them, in memory. What was made of a new store counts for nothing. */
  #lookAtCopy(older: CodedError | undefined): void {
    if (!isSmallEnoughToCopy(this.#db.raw)) throw older ?? new Error(`${this.#file} is no store`);
    const copy = copyToMemory(this.#db.raw);
    // Closed, it would write its log into the store.
    this.#copied = this.#db;
    this.#db = new Database(copy);
    migrateCopy(copy);
    copy.exec('PRAGMA query_only = ON');
  }

  run(call: ReadCall): unknown {
    try {
      return this.#answer(call);
    } catch (error) {
      throw codedStoreError(error);
    }
  }

  #answer(call: ReadCall): unknown {
    const db = this.#db;
    switch (call.name) {
      case 'listSchedules':
        return listSchedules(db);
      case 'workflowVersion':
        return keptWorkflow(db, call.params.version);
      case 'listRuns':
        return listRuns(db, call.params);
      case 'getRun':
        return getRun(db, call.params);
      case 'listJobs':
        return listJobs(db, call.params);
      case 'deadGroups':
        return deadGroups(db, call.params);
      case 'deadDrafts':
        return deadDrafts(db);
      case 'draftedJobs':
        return draftedJobs(db);
      case 'replayTally':
        return replayTally(db, call.params);
      case 'getJob':
        return getJob(db, call.params);
      case 'evaluate':
        return evaluate(db, call.params, this.#workflows);
      case 'series':
        return series(db, call.params);
      case 'listAlerts':
        return listAlerts(db);
      case 'listAlertBooks':
        return listAlertBooks(db);
      case 'oldestPending':
        return oldestPending(db);
      case 'jobsAhead':
        return jobsAhead(db, call.params);
      case 'signalWaits':
        return signalWaits(db, call.params);
      case 'signalLink':
        return signalLink(db, call.params, this.#workflows);
      case 'getBulk':
        return getBulk(db, call.params);
      case 'listBulks':
        return listBulks(db);
      case 'bulkTally':
        return bulkTally(db, call.params);
      case 'bulkJobs':
        return bulkJobs(db, call.params);
      case 'listDeliveries':
        return listDeliveries(db, call.params);
      case 'getDelivery':
        return getDelivery(db, call.params);
      case 'check':
        return check(db);
      case 'size':
        return size(db, this.#file);
    }
  }

  releaseMemory(): void {
    this.#db.releaseMemory();
  }

  close(): void {
    this.#db.close();
    this.#copied?.close();
  }
}
