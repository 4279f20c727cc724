import type { Effects } from '../../ledger/change.ts';
import { list } from './session.ts';
import type { Transaction } from './transaction.ts';

const tables = ['staged_items', 'item_files'];

export const nowMs = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** The daemon whose transaction starts a step that reads a file is the one that has the file: a person, a webhook or a schedule has brought the run to it. */
export function noteReaders(tx: Transaction, daemon: number, fanOuts: Effects['fanOuts']): void {
  const started = [...fanOuts.values()].flatMap((fanOut) => (fanOut?.file === undefined || fanOut.cursor > 0 ? [] : [fanOut.stepId]));
  if (started.length === 0) return;
  void tx.run(`INSERT INTO item_files (step_id, daemon, since) SELECT k.id, $2, ${nowMs} FROM unnest($1::bigint[]) AS k (id) ON CONFLICT (step_id) DO NOTHING`, [list(started), daemon]);
}

/** What was put in for these steps isn't needed any more if all of it has become jobs; a replay may continue what was cut short. Those of pages stay for other steps. */
export function dropItems(tx: Transaction, stepIds: readonly number[]): void {
  for (const table of tables) void tx.run(`DELETE FROM ${table} i USING steps s WHERE i.step_id = ANY ($1::bigint[]) AND s.id = i.step_id AND s.expanded = 1 AND s.pages IS NULL`, [list(stepIds)]);
}

/** With the run that they are of. */
export const dropItemsOfRun = tables.map((table) => `DELETE FROM ${table} WHERE step_id IN (SELECT id FROM steps WHERE run_id = $1)`);
