import type { ClockAnchor } from '../../../core/clock.ts';
import { shiftBetween } from '../../../core/clock-shift.ts';
import type { WriteTransaction } from '../write-transaction.ts';

export function shiftWaits({ db, state }: WriteTransaction, { byMs, anchor }: { readonly byMs: number; readonly anchor: ClockAnchor }): void {
  // Pending ones too: their due time is their place in the order, and their age.
  db.sql("UPDATE jobs SET due_at = due_at + ? WHERE state IN ('delayed', 'pending', 'active')").run(byMs);
  db.sql('UPDATE queues SET held_until = held_until + ? WHERE held_until IS NOT NULL').run(byMs);
  db.sql('UPDATE bulks SET last_due_at = last_due_at + ? WHERE ended_at IS NULL').run(byMs);
  db.sql('UPDATE OR REPLACE rate_starts SET at = at + ?').run(byMs);
  keepAnchor({ db }, anchor);
  state.nextDueChanged();
}

/** Moves what waits if the wall clock was set since the store was last written, as far as that can be told. Returns by how much, in milliseconds. */
export function shiftAfterRest(tx: WriteTransaction, anchor: ClockAnchor): number {
  const kept = tx.db.sql("SELECT value FROM meta WHERE key = 'clock_anchor'").get()?.['value'];
  const byMs = kept === undefined ? 0 : shiftBetween(JSON.parse(String(kept)) as ClockAnchor, anchor);
  if (byMs === 0) keepAnchor(tx, anchor);
  else shiftWaits(tx, { byMs, anchor });
  return byMs;
}

/** What waits in the store goes by the wall clock of this reading; see `shiftAfterRest`. */
export function keepAnchor({ db }: Pick<WriteTransaction, 'db'>, anchor: ClockAnchor): void {
  db.sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('clock_anchor', ?)").run(JSON.stringify(anchor));
}
