import { CodedError } from '../../../../schemas/protocol/error.ts';
import { formatRunId } from '../../../../schemas/protocol/id.ts';
import { runColumns, type RunRow, type StepRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** The limit on the items of a run is lifted: fan-outs go on where they stopped, so that no item and no key comes twice. */
export function continueRun(tx: WriteTransaction, { runId }: { readonly runId: number }): object {
  const { db, state } = tx;
  const run = db.sql(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(runId) as RunRow | undefined;
  const id = formatRunId(runId);
  if (run === undefined) throw new CodedError('not-found', `There is no run ${id}.`);
  if (run.state !== 'running' || run.cancelling === 1) throw new CodedError('wrong-state', `The run ${id} has ended (${run.state}) or is being cancelled, so there is nothing to continue.`);
  const limited = db.sql('SELECT * FROM steps WHERE run_id = ? AND item_limit IS NOT NULL').all(runId) as unknown as StepRow[];
  if (limited.length === 0) throw new CodedError('wrong-state', `The run ${id} takes all of its items already.`);
  db.sql('UPDATE steps SET item_limit = NULL WHERE run_id = ?').run(runId);
  for (const step of limited) if (state.expansions.has(step.id)) state.setExpansion(step, false);
  tx.touchRun(runId);
  return {};
}
