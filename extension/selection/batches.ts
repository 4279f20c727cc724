import { CodedError } from '../../schemas/protocol/error.ts';
import { messageOf } from '../wording/client-fault-text.ts';

export interface Tally {
  /** How many were meant. */
  readonly total: number;
  readonly done: number;
  /** Were in another state by then, or gone. */
  readonly skipped: number;
  readonly isCancelled: boolean;
  /** Why it ended early. Those after it are as they were. */
  readonly fault?: string;
  /** Of each project, where it was about several. */
  readonly byProject?: readonly ProjectTally[];
}

export interface ProjectTally {
  /** Its name, for a person. */
  readonly project: string;
  readonly tally: Tally;
}

export interface BatchOptions {
  /** How many go into one request, 200 by default. */
  readonly size?: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly isCancelled?: () => boolean;
}

/** Small enough that a cancel is heard soon, large enough that the trips don't count. */
const batchSize = 200;

/**
 * Acts on many in batches, each of which is done as a whole or not at all. One that another person was quicker with is skipped, and the
 * others of its batch continue. Never rejects, so that the tally always is the truth.
 */
export async function inBatches<T>(items: readonly T[], act: (items: T[]) => Promise<unknown>, { size = batchSize, onProgress, isCancelled }: BatchOptions = {}): Promise<Tally> {
  let done = 0;
  let skipped = 0;
  const tally = (more: { readonly isCancelled?: boolean; readonly fault?: string } = {}): Tally => ({ total: items.length, done, skipped, isCancelled: false, ...more });
  for (let from = 0; from < items.length; from += size) {
    if (isCancelled?.() === true) return tally({ isCancelled: true });
    const batch = items.slice(from, from + size);
    try {
      if (await isDone(batch, act)) {
        done += batch.length;
      } else {
        for (const item of batch) {
          // One by itself has just been tried.
          if (batch.length > 1 && (await isDone([item], act))) done++;
          else skipped++;
        }
      }
    } catch (error) {
      return tally({ fault: messageOf(error) });
    }
    onProgress?.(done + skipped, items.length);
  }
  return tally();
}

/** False if the batch holds what is in another state by now; nothing was done then. */
async function isDone<T>(batch: T[], act: (items: T[]) => Promise<unknown>): Promise<boolean> {
  try {
    await act(batch);
    return true;
  } catch (error) {
    if (error instanceof CodedError && (error.code === 'wrong-state' || error.code === 'not-found')) return false;
    throw error;
  }
}
