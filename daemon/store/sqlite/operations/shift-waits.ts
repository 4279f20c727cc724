import type { WriteTransaction } from '../write-transaction.ts';

/** The clock may be off by this much without anything being moved, in milliseconds. */
const toleratedMs = 1000;

export function shiftWaits({ db, state }: WriteTransaction, { byMs, now }: { readonly byMs: number; readonly now: number }): void {
  // Pending ones too: their due time is their place in the order, and their age.
  db.sql("UPDATE jobs SET due_at = due_at + ? WHERE state IN ('delayed', 'pending', 'active')").run(byMs);
  db.sql('UPDATE queues SET held_until = held_until + ? WHERE held_until IS NOT NULL').run(byMs);
  db.sql('UPDATE bulks SET last_due_at = last_due_at + ? WHERE ended_at IS NULL').run(byMs);
  db.sql('UPDATE OR REPLACE rate_starts SET at = at + ?').run(byMs);
  noteTime({ db }, now);
  state.nextDueChanged();
}

/**
 * Moves what waits when the wall clock is behind the store: it was set back while no daemon ran. By the last time that the store knows of, so
 * that a wait has at most as much left as it was asked for. A clock that was set forward can't be told from a long rest. Returns by how much.
 */
export function shiftAfterRest(tx: WriteTransaction, now: number): number {
  // A store of an earlier version has no time noted.
  const last = tx.db
    .sql(
      `SELECT coalesce((SELECT value FROM meta WHERE key = 'noted_at'), (SELECT created_at FROM runs ORDER BY id DESC LIMIT 1)) AS at`,
    )
    .get()?.['at'];
  const byMs = Math.min(0, now - Number(last ?? now));
  if (byMs >= -toleratedMs) {
    noteTime(tx, now);
    return 0;
  }
  shiftWaits(tx, { byMs, now });
  return byMs;
}

/** The store knows of this time; see `shiftAfterRest`. */
export function noteTime({ db }: Pick<WriteTransaction, 'db'>, now: number): void {
  db.sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('noted_at', ?)").run(now);
}
