import { CodedError } from '../../../../schemas/protocol/error.ts';
import { formatRunId } from '../../../../schemas/protocol/id.ts';
import { runColumns, type RunRow, type StepRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** From here on no job of the run starts; those that wait are cancelled bit by bit, and those under way are named. */
export function cancelRun(tx: WriteTransaction, { runId }: { readonly runId: number }): { readonly active: readonly number[] } {
  const { db, state } = tx;
  const run = db.sql(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(runId) as RunRow | undefined;
  if (run === undefined) throw new CodedError('not-found', `There is no run ${formatRunId(runId)}.`);
  if (run.state !== 'running' && run.closing === 0) {
    throw new CodedError('wrong-state', `The run ${formatRunId(runId)} has ended (${run.state}), so there is nothing to cancel.`);
  }
  db.sql('UPDATE runs SET cancelling = 1 WHERE id = ?').run(runId);
  const steps = db.sql("SELECT * FROM steps WHERE run_id = ? AND state IN ('waiting', 'running', 'failed')").all(runId) as unknown as StepRow[];
  const active: number[] = [];
  for (const { id, state: stepState } of steps) {
    tx.touchStep(id);
    if (stepState === 'waiting') continue;
    db.sql("UPDATE steps SET sweep = 'cancel' WHERE id = ?").run(id);
    state.sweeps.set(id, { kind: 'cancel' });
    state.endExpansion(id);
    const jobs = db.sql("SELECT id FROM jobs INDEXED BY jobs_active WHERE state = 'active' AND step_id = ?").all(id);
    for (const { id: jobId } of jobs) {
      db.sql('UPDATE jobs SET cancel_requested = 1 WHERE id = ?').run(jobId ?? null);
      active.push(Number(jobId));
    }
  }
  tx.touchRun(runId);
  return { active };
}
