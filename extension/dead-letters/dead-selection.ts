import type { Daemon } from '../connection/daemon-client.ts';

/** Dead letters by their ids, or all that conditions let through. */
export type DeadSelection = { readonly ids: readonly string[] } | { readonly queue?: string; readonly run?: string; readonly where?: string; readonly group?: string };

const pageLimit = 1000;
/** A list of more ids would take long to make, and nobody would wait for it. */
const maxCollected = 100_000;

/**
 * The ids of all dead letters that are meant now, oldest first: what is shown to a person before is then what is acted on, whatever dies in
 * between. `onCount` hears of the number so far.
 */
export async function collectDeadLetters(daemon: Daemon, selection: DeadSelection, onCount: (count: number) => void = () => undefined): Promise<readonly string[]> {
  if ('ids' in selection) return selection.ids;
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const { jobs, next } = await daemon.call('dead/list', { ...selection, limit: pageLimit, ...(cursor === undefined ? {} : { cursor }) });
    ids.push(...jobs.map(({ id }) => id));
    onCount(ids.length);
    cursor = next;
  } while (cursor !== undefined && ids.length < maxCollected);
  return ids.reverse();
}
