import { maxPage } from '../../schemas/protocol/shape.ts';

/** What a list answers with: its entries under some name, and where the next page begins. */
export interface PageOf<Entry> {
  readonly entries: readonly Entry[];
  readonly next: string | undefined;
}

/** Up to `limit` entries, over as many pages as that takes. `more` tells that there are others. */
export async function collectPages<Entry>(
  limit: number,
  fetch: (page: { limit: number; cursor?: string }) => Promise<PageOf<Entry>>,
): Promise<{ readonly entries: readonly Entry[]; readonly more: boolean }> {
  const entries: Entry[] = [];
  let cursor: string | undefined;
  do {
    const wanted = Math.min(maxPage, limit - entries.length);
    const page = await fetch({ limit: wanted, ...(cursor === undefined ? {} : { cursor }) });
    entries.push(...page.entries);
    cursor = page.next;
  } while (cursor !== undefined && entries.length < limit);
  return { entries: entries.slice(0, limit), more: cursor !== undefined || entries.length > limit };
}
