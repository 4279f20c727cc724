import { fileSpace, reclaimPages, type FileSpace } from '../file-space.ts';
import type { WriteTransaction } from '../write-transaction.ts';

export function reclaim(tx: WriteTransaction, { pages }: { readonly pages: number }): FileSpace {
  if (pages > 0) reclaimPages(tx.db.raw, pages);
  return fileSpace(tx.db.raw);
}
