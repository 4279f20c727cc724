import { CodedError } from '../../../schemas/protocol/error.ts';
import type { LookParams, LookResult, Store, StoredAlert } from '../store.ts';
import type { StoreRead } from '../store-calls.ts';
import { KeptWorkflows } from '../../core/kept-workflows.ts';
import { Database } from './database.ts';
import { migrations, readVersion } from './migrations.ts';
import { codedOpenError, codedStoreError } from './store-error.ts';
import { standingQueues, storedQueues } from './stored-queues.ts';
import { WriterState } from './writer-state.ts';
import { bulkJobs, bulkTally, getBulk, listBulks } from './queries/bulk.ts';
import { check, size } from './queries/check.ts';
import { deadDrafts, deadGroups, draftedJobs } from './queries/dead-groups.ts';
import { evaluate, keptWorkflow } from './queries/evaluate.ts';
import { getJob } from './queries/get-job.ts';
import { getRun } from './queries/get-run.ts';
import { listJobs } from './queries/list-jobs.ts';
import { listRuns } from './queries/list-runs.ts';
import { replayTally } from './queries/replay-tally.ts';
import { series } from './queries/series.ts';

export type ReadCall = { [Name in StoreRead]: { readonly name: Name; readonly params: Parameters<Store[Name]>[0] } }[StoreRead];

/** A connection of its own for what people look at, so that no list keeps a claim waiting. */
export class Reader {
  readonly #db: Database;
  readonly #file: string;
  readonly #workflows = new KeptWorkflows();

  /** `access`: `read-alone` where no writer has the store open. */
  constructor(file: string, access: 'read' | 'read-alone' = 'read') {
    this.#file = file;
    try {
      this.#db = new Database({ file, durability: 'normal', access });
    } catch (error) {
      throw codedOpenError(error, file);
    }
  }

  /** How everything stands, without opening the store for use. @throws CodedError `store-unavailable` where another version of Sluice has written it */
  look({ now }: LookParams): LookResult {
    try {
      const version = readVersion(this.#db.raw);
      if (version !== migrations.length) throw new CodedError('store-unavailable', `The store has version ${version} and has to be brought to version ${migrations.length} before it can be read, for which the disk has no room.`);
      const state = new WriterState(this.#db);
      state.load();
      return { queues: storedQueues(this.#db, now), depths: standingQueues(state), runningRuns: state.runningRuns };
    } catch (error) {
      throw codedOpenError(error, this.#file);
    }
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
      case 'oldestPending':
        return oldestPending(db);
      case 'getBulk':
        return getBulk(db, call.params);
      case 'listBulks':
        return listBulks(db);
      case 'bulkTally':
        return bulkTally(db, call.params);
      case 'bulkJobs':
        return bulkJobs(db, call.params);
      case 'check':
        return check(db);
      case 'size':
        return size(db, this.#file);
    }
  }

  close(): void {
    this.#db.close();
  }
}

/** By due time within each priority, so as many lookups as there are queues and priorities, whatever their depth. */
function listAlerts(db: Database): readonly StoredAlert[] {
  return db.sql('SELECT queue, kind, severity, since, peak, peak_at AS peakAt FROM alerts').all().map((row) => ({ ...row }) as unknown as StoredAlert);
}

function oldestPending(db: Database): Readonly<Record<string, number>> {
  const oldest: Record<string, number> = {};
  const first = db.sql("SELECT due_at FROM jobs WHERE state = 'pending' AND queue_id = ? AND priority = ? ORDER BY due_at, id LIMIT 1");
  for (const { id, name } of db.sql('SELECT id, name FROM queues').all()) {
    for (let priority = 0; priority <= 9; priority++) {
      const row = first.get(id ?? null, priority);
      if (row === undefined) continue;
      oldest[String(name)] = Math.min(oldest[String(name)] ?? Infinity, Number(row['due_at']));
    }
  }
  return oldest;
}
