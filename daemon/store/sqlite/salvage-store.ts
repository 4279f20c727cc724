import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { analyseKept } from '../../core/kept-workflows.ts';
import { migrate, migrations, readVersion } from './migrations.ts';
import { salvageRows, type SalvagedTable } from './salvage-rows.ts';
import { isDamage } from './store-error.ts';

/** Numbers that were given after the last one that can be read are not given again. */
const numberGap = 10_000;

export interface Salvaged {
  readonly runs: number;
  /** Jobs by their states, as far as they can be read. */
  readonly jobs: Readonly<Record<string, number>>;
  /** Numbers of jobs that were under way: each may have been sent. */
  readonly doubtful: readonly number[];
  /** Jobs of steps that run whose rows or payloads are lost: they become dead letters that say so. */
  readonly lostJobs: number;
  /** Runs that can't continue, as a part of them or their workflow is lost, with all of their jobs. */
  readonly droppedRuns: readonly number[];
  readonly droppedJobs: number;
  readonly damagedTables: readonly string[];
  /** The name of the store is lost: idempotency keys change. */
  readonly hasNewKeys: boolean;
}

/**
 * Reads what can be read of the store `from`, with the log beside it, into a new one, which a daemon can open: what is inconsistent without the rows that are
 * lost is left out or marked, and all queues are paused. `from` should be a copy, as SQLite applies its log to it.
 *
 * @throws an error of SQLite where nothing can be read
 */
export function salvageStore(from: string, to: string): Salvaged {
  const source = new DatabaseSync(from);
  try {
    const version = readVersion(source);
    if (version === 0 || version > migrations.length) throw new Error(version === 0 ? 'no table can be read' : `it has version ${version}, and this Sluice knows versions up to ${migrations.length}`);
    closeSync(openSync(to, 'wx', 0o600));
    const target = new DatabaseSync(to);
    try {
      target.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = DELETE');
      migrate(target, to, migrations.slice(0, version));
      target.exec('BEGIN');
      const tables = tablesOf(target).map((name) => salvageRows(source, target, name));
      // The next start does it for what is whole; what follows needs the tables of now.
      target.exec('COMMIT');
      migrate(target, to);
      target.exec('BEGIN');
      const salvaged = makeConsistent(target, tables);
      target.exec('COMMIT');
      return salvaged;
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
}

/** Copies a store of this version with the log beside it into the new file `to`, synced to the disk. False, and no file, if any part of it is missing. */
export function copyWholeStore(from: string, to: string): boolean {
  const source = new DatabaseSync(from);
  try {
    if (!isWhole(source)) return false;
    const descriptor = openSync(to, 'wx', 0o600);
    try {
      source.prepare('VACUUM INTO ?').run(to);
      fsyncSync(descriptor);
    } catch (error) {
      rmSync(to, { force: true });
      throw error;
    } finally {
      closeSync(descriptor);
    }
    return true;
  } finally {
    source.close();
  }
}

function isWhole(db: DatabaseSync): boolean {
  try {
    return readVersion(db) === migrations.length && db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'] === 'ok';
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

function makeConsistent(db: DatabaseSync, tables: readonly SalvagedTable[]): Salvaged {
  const damagedTables = tables.filter(({ isWhole }) => !isWhole).map(({ name }) => name);
  keepNumbers(db, damagedTables.length > 0 ? numberGap : 0);
  const { droppedRuns, droppedJobs } = dropRuns(db);
  db.exec(`INSERT OR IGNORE INTO queues (id, name) SELECT DISTINCT queue_id, 'recovered_' || queue_id FROM (SELECT queue_id FROM jobs UNION SELECT queue_id FROM steps)`);
  const doubtful = ids(db, "SELECT id FROM jobs WHERE state = 'active' ORDER BY id");
  const before = countJobs(db);
  const lostJobs = markLost(db);
  // The number of an attempt is used once.
  db.exec(`UPDATE jobs SET attempt = (SELECT max(a.number) FROM attempts a WHERE a.job_id = jobs.id) + (state = 'active')
           WHERE attempt < (SELECT max(a.number) FROM attempts a WHERE a.job_id = jobs.id) + (state = 'active')`);
  db.exec(`UPDATE steps SET total = (SELECT count(*) FROM jobs j WHERE j.step_id = steps.id)`);
  for (const state of ['succeeded', 'dead', 'cancelled', 'discarded']) db.exec(`UPDATE steps SET ${state} = (SELECT count(*) FROM jobs j WHERE j.step_id = steps.id AND j.state = '${state}')`);
  // A person looks first: what was done after the last change that can be read isn't known.
  db.exec('UPDATE queues SET paused = 1');
  const hasNewKeys = db.prepare("SELECT 1 FROM meta WHERE key = 'store_id'").get() === undefined;
  return { runs: Number(db.prepare('SELECT count(*) AS n FROM runs').get()?.['n']), jobs: before, doubtful, lostJobs, droppedRuns, droppedJobs, damagedTables, hasNewKeys };
}

/** Before anything is left out: rows of other tables know numbers whose own rows are lost. */
function keepNumbers(db: DatabaseSync, gap: number): void {
  const highest = {
    runs: 'SELECT max(id) FROM runs UNION ALL SELECT max(run_id) FROM steps',
    steps: 'SELECT max(id) FROM steps UNION ALL SELECT max(step_id) FROM jobs',
    jobs: 'SELECT max(id) FROM jobs UNION ALL SELECT max(job_id) FROM payloads UNION ALL SELECT max(job_id) FROM attempts UNION ALL SELECT max(job_id) FROM rate_starts',
  };
  for (const [name, seen] of Object.entries(highest)) {
    db.prepare(`INSERT OR REPLACE INTO meta (key, value) SELECT ?, max(coalesce(n, 0)) + ? FROM (SELECT value AS n FROM meta WHERE key = ? UNION ALL SELECT * FROM (${seen}))`).run(`highest_${name}`, gap, `highest_${name}`);
  }
}

/** Runs without their workflow or without one of their steps can't be moved on by anybody. */
function dropRuns(db: DatabaseSync): { readonly droppedRuns: readonly number[]; readonly droppedJobs: number } {
  const whole = new Set<number>();
  const stepsOf = new Map<string, number>();
  for (const row of db.prepare('SELECT r.id, r.version, v.workflow, v.text, (SELECT count(*) FROM steps s WHERE s.run_id = r.id) AS steps FROM runs r JOIN workflow_versions v ON v.version = r.version').all()) {
    const version = String(row['version']);
    let steps = stepsOf.get(version);
    if (steps === undefined) {
      const { workflow } = analyseKept({ text: String(row['text']), workflow: String(row['workflow']) });
      steps = workflow === undefined ? -1 : Object.keys(workflow.steps).length + Object.keys(workflow.onFailure).length;
      stepsOf.set(version, steps);
    }
    if (Number(row['steps']) === steps) whole.add(Number(row['id']));
  }
  const seen = ids(db, 'SELECT id FROM runs UNION SELECT run_id FROM steps ORDER BY 1');
  const droppedRuns = seen.filter((id) => !whole.has(id));
  for (const id of droppedRuns) {
    db.prepare('DELETE FROM runs WHERE id = ?').run(id);
    db.prepare('DELETE FROM steps WHERE run_id = ?').run(id);
  }
  const droppedJobs = Number(db.prepare('DELETE FROM jobs WHERE step_id NOT IN (SELECT id FROM steps)').run().changes);
  for (const table of ['payloads', 'payload_revisions', 'payload_drafts', 'attempts', 'waits', 'signal_links']) db.exec(`DELETE FROM ${table} WHERE job_id NOT IN (SELECT id FROM jobs)`);
  return { droppedRuns, droppedJobs };
}

/**
 * Jobs that are known of, and can't be sent for want of their row or payload. They are active without a start, which nothing else is: the next daemon makes
 * dead letters of them (`recover`), as states are moved by the state machine alone.
 */
function markLost(db: DatabaseSync): number {
  const withoutPayload = Number(
    db.prepare("UPDATE jobs SET state = 'active', started_at = NULL WHERE state IN ('pending', 'delayed', 'active') AND id NOT IN (SELECT job_id FROM payloads)").run().changes,
  );
  // What would end their waits is lost as well.
  const withoutWait = Number(
    db.prepare("UPDATE jobs SET state = 'active', started_at = NULL WHERE state = 'waiting' AND id NOT IN (SELECT job_id FROM waits WHERE child_id IS NULL OR child_id IN (SELECT id FROM runs))").run().changes,
  );
  let next = Number(db.prepare("SELECT value FROM meta WHERE key = 'highest_jobs'").get()?.['value'] ?? 0) + 1;
  let withoutRow = 0;
  const insert = db.prepare("INSERT INTO jobs (id, step_id, queue_id, state, priority, due_at, created_at) VALUES (?, ?, ?, 'active', 5, 0, coalesce(?, 0))");
  const steps = db.prepare("SELECT id, queue_id, started_at, total - (SELECT count(*) FROM jobs j WHERE j.step_id = steps.id) AS missing FROM steps WHERE state = 'running'").all();
  for (const { id, queue_id: queueId, started_at: startedAt, missing } of steps) {
    for (let n = 0; n < Number(missing); n++, withoutRow++) insert.run(next++, id ?? null, queueId ?? null, startedAt ?? null);
  }
  db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('highest_jobs', ?)").run(next);
  db.exec("INSERT OR IGNORE INTO payloads (job_id, payload, created_at) SELECT id, 'null', created_at FROM jobs WHERE state IN ('active', 'dead')");
  return withoutPayload + withoutWait + withoutRow;
}

function countJobs(db: DatabaseSync): Readonly<Record<string, number>> {
  return Object.fromEntries(
    db
      .prepare('SELECT state, count(*) AS n FROM jobs GROUP BY state')
      .all()
      .map(({ state, n }) => [String(state), Number(n)]),
  );
}

function tablesOf(db: DatabaseSync): string[] {
  return db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
    .all()
    .map((row) => String(row['name']));
}

function ids(db: DatabaseSync, sql: string): number[] {
  return db.prepare(sql).all().map((row) => Number(Object.values(row)[0]));
}
