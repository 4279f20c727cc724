import type { RunDetail } from '../../../../schemas/protocol/run.ts';
import { runColumns, type RunRow, type StepRow } from '../../../ledger/row.ts';
import type { RunFacts } from '../../../ledger/snapshot.ts';
import { runDetail, shownInputs } from '../../../ledger/view.ts';
import type { Database } from '../database.ts';

export function getRun(db: Database, { runId }: { readonly runId: number }): RunDetail | undefined {
  const facts = findRun(db, runId);
  if (facts === undefined) return undefined;
  const inputBytes = Number(db.sql('SELECT length(inputs) AS size FROM runs WHERE id = ?').get(runId)?.['size']);
  const inputs = inputBytes > shownInputs ? undefined : String(db.sql('SELECT inputs FROM runs WHERE id = ?').get(runId)?.['inputs']);
  const name = db.sql('SELECT name FROM queues WHERE id = ?');
  return runDetail(facts, { inputs, inputBytes, queueName: (id) => String(name.get(id)?.['name']) });
}

export function findRun(db: Database, id: number): RunFacts | undefined {
  const run = db.sql(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(id) as RunRow | undefined;
  return run === undefined ? undefined : { run, steps: db.sql('SELECT * FROM steps WHERE run_id = ? ORDER BY position').all(id) as unknown as StepRow[] };
}
