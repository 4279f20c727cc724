import { CodedError } from '../../schemas/protocol/error.ts';
import { message, sentences, type Message } from '../../schemas/wording/message.ts';

/** Jobs of one transaction. */
const chunk = 500;

export interface ChunkedMove {
  /** All in one transaction, or none: what a person has named one by one. */
  readonly isWhole: boolean;
  /** That it ended early, by `problem`. */
  readonly ended: (done: number, total: number, problem: Message) => Message;
  /** One transaction, all of them or none. Answers with those that it moved. */
  readonly move: (jobIds: readonly number[]) => Promise<readonly number[]>;
}

/**
 * Moves any number of jobs, some at a time. One that has moved by itself, or by somebody else, since it was selected fails its
 * transaction; the others of it are then moved one by one, and it is left out.
 *
 * @throws CodedError what ended it; the message says how many had been moved by then
 */
export async function moveInChunks(jobIds: readonly number[], { isWhole, ended, move }: ChunkedMove): Promise<readonly number[]> {
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
    const told = sentences(ended(moved.length, jobIds.length, error.told), message('Run it again for the rest.'));
    throw new CodedError(error.code, told, { ...error.data, done: moved.length, selected: jobIds.length });
  }
}

/** That work on many ended early, by what it was to do. */
export const endedEarly = {
  replay: (done, total, problem) =>
    message('{done, plural, one {# of {total} dead letters was replayed, then it ended: {problem}} other {# of {total} dead letters were replayed, then it ended: {problem}}}', { done, total, problem }),
  discard: (done, total, problem) =>
    message('{done, plural, one {# of {total} dead letters was discarded, then it ended: {problem}} other {# of {total} dead letters were discarded, then it ended: {problem}}}', { done, total, problem }),
  takeBack: (done, total, problem) =>
    message('{done, plural, one {# of {total} replayed jobs was taken back, then it ended: {problem}} other {# of {total} replayed jobs were taken back, then it ended: {problem}}}', { done, total, problem }),
  retry: (done, total, problem) =>
    message('{done, plural, one {# of {total} delayed jobs was retried, then it ended: {problem}} other {# of {total} delayed jobs were retried, then it ended: {problem}}}', { done, total, problem }),
} as const satisfies Readonly<Record<string, ChunkedMove['ended']>>;

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
