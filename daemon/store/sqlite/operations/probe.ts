import type { WriteTransaction } from '../write-transaction.ts';

/** Large enough that it can't hide in a page that has room: a disk that is full refuses it. */
const bytes = 8192;

export function probe(tx: WriteTransaction, { now }: { readonly now: number }): void {
  tx.db.sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('probe', ?)").run(String(now).padEnd(bytes, ' '));
}
