import { maxBulkIds } from '../../schemas/protocol/bulk.ts';
import { jobsById } from '../../client/dead-letter-edits.ts';
import type { Daemon } from '../../client/daemon-client.ts';

/** Dead letters by their ids, or all that conditions let through. */
export type DeadSelection = { readonly ids: readonly string[] } | Readonly<Partial<Record<'queue' | 'run' | 'step' | 'where' | 'group', string>>>;

export interface CollectedDeadLetter {
  readonly id: string;
  /** It has an edit that was saved and not sent yet. */
  readonly edited: boolean;
}

const pageLimit = 1000;
/** A list of more ids would take long to make, and nobody would wait for it. */
const maxCollected = maxBulkIds;
/** Read from the daemon at the same time. */
const batchSize = 20;

/**
 * All dead letters that are meant now, oldest first: what is shown to a person before is then what is acted on, whatever dies in between. `onCount`
 * hears of the number so far.
 */
export async function collectDeadLetters(daemon: Daemon, selection: DeadSelection, onCount: (count: number) => void = () => undefined): Promise<readonly CollectedDeadLetter[]> {
  if ('ids' in selection) return named(daemon, selection.ids);
  const letters: CollectedDeadLetter[] = [];
  let cursor: string | undefined;
  do {
    const { jobs, next } = await daemon.call('dead/list', { ...selection, limit: pageLimit, ...(cursor === undefined ? {} : { cursor }) });
    for (const { id, draft } of jobs) letters.push({ id, edited: draft !== undefined });
    onCount(letters.length);
    cursor = next;
  } while (cursor !== undefined && letters.length < maxCollected);
  return letters.reverse();
}

/** One that is gone stays: what is done with it says so. */
async function named(daemon: Daemon, ids: readonly string[]): Promise<readonly CollectedDeadLetter[]> {
  const edited = new Set<string>();
  for (let from = 0; from < ids.length; from += batchSize) {
    for (const job of await jobsById(daemon, ids.slice(from, from + batchSize))) if (job.draft !== undefined) edited.add(job.id);
  }
  return ids.map((id) => ({ id, edited: edited.has(id) }));
}
