import { CodedError } from '../../schemas/protocol/error.ts';
import type { Daemon } from '../connection/daemon-client.ts';

/** Dead letters by their ids, or all that conditions let through. */
export type DeadSelection = { readonly ids: readonly string[] } | { readonly queue?: string; readonly run?: string; readonly where?: string; readonly cause?: string };

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

export interface Tally {
  /** How many were meant. */
  readonly total: number;
  readonly done: number;
  /** Were no dead letters any more, or are gone. */
  readonly skipped: number;
  readonly isCancelled: boolean;
  /** Why it ended early. Those after it are as they were. */
  readonly fault?: string;
}

export interface BatchOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly isCancelled?: () => boolean;
}

/** Small enough that a cancel is heard soon, large enough that the trips don't count. */
const batchSize = 200;

/**
 * Acts on ids in batches, each of which is done as a whole or not at all. One that another person was quicker with is skipped, and the
 * others of its batch go on. Never rejects, so that the tally always is the truth.
 */
export async function inBatches(ids: readonly string[], act: (ids: string[]) => Promise<unknown>, { onProgress, isCancelled }: BatchOptions = {}): Promise<Tally> {
  let done = 0;
  let skipped = 0;
  const tally = (more: { readonly isCancelled?: boolean; readonly fault?: string } = {}): Tally => ({ total: ids.length, done, skipped, isCancelled: false, ...more });
  for (let from = 0; from < ids.length; from += batchSize) {
    if (isCancelled?.() === true) return tally({ isCancelled: true });
    const batch = ids.slice(from, from + batchSize);
    try {
      if (await isDone(batch, act)) {
        done += batch.length;
      } else {
        for (const id of batch) {
          if (await isDone([id], act)) done++;
          else skipped++;
        }
      }
    } catch (error) {
      return tally({ fault: error instanceof Error ? error.message : String(error) });
    }
    onProgress?.(done + skipped, ids.length);
  }
  return tally();
}

/** False where the batch holds what is no dead letter; nothing was done then. */
async function isDone(batch: string[], act: (ids: string[]) => Promise<unknown>): Promise<boolean> {
  try {
    await act(batch);
    return true;
  } catch (error) {
    if (error instanceof CodedError && (error.code === 'wrong-state' || error.code === 'not-found')) return false;
    throw error;
  }
}
