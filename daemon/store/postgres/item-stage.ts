import { itemsFrom, type AddItemsParams } from '../item-stage.ts';
import { nowMs } from './item-rows.ts';
import type { Transaction } from './transaction.ts';
import type { WriteTransaction } from './write-transaction.ts';

/** The step takes items. */
const isOpen = "EXISTS (SELECT 1 FROM steps s JOIN runs r ON r.id = s.run_id WHERE s.id = f.step_id AND s.state = 'running' AND s.expanded = 0 AND s.error IS NULL AND r.cancel_requested = 0)";

export async function addItems(batch: WriteTransaction, { stepId, from, items, last }: AddItemsParams): Promise<{ readonly kind: 'added' | 'closed' }> {
  const { tx, memory } = batch;
  const open = await tx.one(`SELECT 1 FROM item_files f WHERE f.step_id = $1 AND f.daemon = $2 AND f.count IS NULL AND ${isOpen} FOR NO KEY UPDATE OF f`, [stepId, memory.daemon]);
  if (open === undefined) return { kind: 'closed' };
  if (from === 0) void tx.run('DELETE FROM staged_items WHERE step_id = $1', [stepId]);
  if (items.length > 0) void tx.run('INSERT INTO staged_items (step_id, first, items) VALUES ($1, $2, $3) ON CONFLICT (step_id, first) DO UPDATE SET items = excluded.items', [stepId, from, items.join('\n')]);
  if (last) {
    await tx.run('UPDATE item_files SET count = $2 WHERE step_id = $1', [stepId, from + items.length]);
    batch.touchFanOuts();
  }
  return { kind: 'added' };
}

export async function takeOverItems(batch: WriteTransaction, { stepId }: { readonly stepId: number }): Promise<{ readonly taken: boolean }> {
  const { tx, memory } = batch;
  const taken = await tx.run(`UPDATE item_files f SET daemon = $2, since = ${nowMs} WHERE f.step_id = $1 AND f.count IS NULL AND ${isOpen}`, [stepId, memory.daemon]);
  if (taken > 0) batch.touchFanOuts();
  return { taken: taken > 0 };
}

/** Each row is as much as was added at a time. */
export async function readItems(tx: Transaction, { stepId, from }: { readonly stepId: number; readonly from: number }): Promise<readonly string[]> {
  const row = await tx.one('SELECT first, items FROM staged_items WHERE step_id = $1 AND first <= $2 ORDER BY first DESC LIMIT 1', [stepId, from]);
  return row === undefined ? [] : itemsFrom({ first: Number(row['first']), items: String(row['items']) }, from);
}
