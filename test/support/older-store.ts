import { DatabaseSync } from 'node:sqlite';
import { migrate, migrations } from '../../daemon/store/sqlite/migrations.ts';

/** The version of the stores that `writeOlderStore` writes. */
export const olderVersion = 12;

export interface OlderStoreOptions {
  /** Of the only step: what it does, with an empty `with` if that is omitted. */
  readonly uses: string;
  readonly with?: string;
  /** JSON. */
  readonly payload?: string;
  /** Bytes that nothing needs. */
  readonly fillerBytes?: number;
}

/** A store as an older Sluice has left it: one run has failed, at its only step `only`, whose job is a dead letter. */
export function writeOlderStore(file: string, { uses, with: input = '{}', payload = '{}', fillerBytes }: OlderStoreOptions): void {
  const db = new DatabaseSync(file);
  migrate(db, file, migrations.slice(0, olderVersion));
  db.exec(`
    INSERT INTO queues (id, name) VALUES (1, 'default');
    INSERT INTO workflow_versions (version, workflow, text, created_at) VALUES ('v1', 'w', 'steps: { only: { uses: ${uses}, with: ${input} } }', 0);
    INSERT INTO runs (id, workflow, version, state, created_at, inputs) VALUES (1, 'w', 'v1', 'failed', 0, '{}');
    INSERT INTO steps (id, run_id, position, name, on_failure, state, queue_id, uses, is_foreach, total, expanded, dead) VALUES (1, 1, 0, 'only', 0, 'failed', 1, '${uses}', 0, 1, 1, 1);
    INSERT INTO jobs (id, step_id, queue_id, state, priority, due_at, created_at, attempt, started_at, failure_group) VALUES (1, 1, 1, 'dead', 5, 0, 0, 1, 0, 'g');
    INSERT INTO payloads (job_id, payload, created_at) VALUES (1, '${payload}', 0);
    ${fillerBytes === undefined ? '' : `INSERT INTO meta (key, value) VALUES ('filler', zeroblob(${fillerBytes}));`}`);
  db.close();
}
