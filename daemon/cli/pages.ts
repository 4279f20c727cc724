import { maxPage } from '../../schemas/protocol/shape.ts';

/** Up to `limit` entries, over as many pages as that takes. `entriesOf`: those of a page. `more` tells that there are others. */
export async function collectPages<Page extends { readonly next?: string }, Entry>(
  limit: number,
  fetch: (page: { limit: number; cursor?: string }) => Promise<Page>,
  entriesOf: (page: Page) => readonly Entry[],
): Promise<{ readonly entries: readonly Entry[]; readonly more: boolean }> {
  const entries: Entry[] = [];
  let cursor: string | undefined;
  do {
    const wanted = Math.min(maxPage, limit - entries.length);
    const page = await fetch({ limit: wanted, ...(cursor === undefined ? {} : { cursor }) });
    entries.push(...entriesOf(page));
    cursor = page.next;
  } while (cursor !== undefined && entries.length < limit);
  return { entries: entries.slice(0, limit), more: cursor !== undefined || entries.length > limit };
}
