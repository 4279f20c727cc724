import { CodedError } from '../../schemas/protocol/error.ts';

/** Jobs of one transaction. */
const chunk = 500;

export interface ChunkedMove {
  /** All in one transaction, or none: what a person has named one by one. */
  readonly isWhole: boolean;
  /** For the message: `dead letters` were `replayed`. */
  readonly noun: string;
  readonly verb: string;
  /** One transaction, all of them or none. Answers with those that it moved. */
  readonly move: (jobIds: readonly number[]) => Promise<readonly number[]>;
}

/**
 * Moves any number of jobs, some at a time. One that has moved by itself, or by somebody else, since it was selected fails its
 * transaction; the others of it are then moved one by one, and it is left out.
 *
 * @throws CodedError what ended it; the message says how many had been moved by then
 */
export async function moveInChunks(jobIds: readonly number[], { isWhole, noun, verb, move }: ChunkedMove): Promise<readonly number[]> {
  if (isWhole) return jobIds.length === 0 ? [] : move(jobIds);
  const moved: number[] = [];
  try {
    for (let from = 0; from < jobIds.length; from += chunk) {
      // Not `push(...)`: a long list of arguments overflows the stack.
      for (const jobId of await moveOrSkip(jobIds.slice(from, from + chunk), move)) moved.push(jobId);
    }
    return moved;
  } catch (error) {
    if (moved.length === 0 || !(error instanceof CodedError)) throw error;
    throw new CodedError(error.code, `${moved.length} of ${jobIds.length} ${noun} were ${verb}, then it ended: ${error.message} Say it again for the others.`, {
      ...error.data,
      done: moved.length,
      selected: jobIds.length,
    });
  }
}

async function moveOrSkip(jobIds: readonly number[], move: ChunkedMove['move']): Promise<readonly number[]> {
  try {
    return await move(jobIds);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  const moved: number[] = [];
  for (const jobId of jobIds) {
    try {
      moved.push(...(await move([jobId])));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return moved;
}

/** It is no longer in that state, or just being cancelled, or has been deleted with its run. */
function isGone(error: unknown): boolean {
  return error instanceof CodedError && (error.code === 'wrong-state' || error.code === 'not-found');
}
