import type { ReplayTally } from '../../schemas/protocol/replay.ts';
import type { Daemon } from '../../client/daemon-client.ts';

/** Ids of one request. */
const maxIds = 1000;

export const emptyTally: ReplayTally = { succeeded: 0, dead: 0, active: 0, retrying: 0, waiting: 0, cancelled: 0, discarded: 0 };

export interface WatchOptions {
  /** Resolves when it is worth looking again. */
  readonly nextLook: () => Promise<void>;
  /** Whether it has been seen enough of them: each has ended, say, or a person has cancelled. */
  readonly isEnough: (tally: ReplayTally) => boolean;
  readonly onProgress?: (tally: ReplayTally) => void;
}

/**
 * Looks at replayed jobs again and again, until it is enough. Answers with what became of them.
 *
 * @throws CodedError where the daemon is lost
 */
export async function watchReplay(daemon: Daemon, ids: readonly string[], { nextLook, isEnough, onProgress }: WatchOptions): Promise<ReplayTally> {
  while (true) {
    const tallies: ReplayTally[] = [];
    for (let from = 0; from < ids.length; from += maxIds) tallies.push(await daemon.call('dead/tally', { ids: ids.slice(from, from + maxIds) }));
    const tally = joinTallies(tallies);
    onProgress?.(tally);
    if (isEnough(tally)) return tally;
    await nextLook();
  }
}

/** Of several batches or projects, as of one. */
export function joinTallies(tallies: readonly ReplayTally[]): ReplayTally {
  const add = (count: (tally: ReplayTally) => number): number => tallies.reduce((sum, tally) => sum + count(tally), 0);
  const dueAts = tallies.flatMap(({ lastDueAt }) => lastDueAt ?? []).sort();
  const error = tallies.findLast((tally) => tally.error !== undefined)?.error;
  const lastDueAt = dueAts.at(-1);
  return {
    succeeded: add(({ succeeded }) => succeeded),
    dead: add(({ dead }) => dead),
    active: add(({ active }) => active),
    retrying: add(({ retrying }) => retrying),
    waiting: add(({ waiting }) => waiting),
    cancelled: add(({ cancelled }) => cancelled),
    discarded: add(({ discarded }) => discarded),
    ...(lastDueAt === undefined ? {} : { lastDueAt }),
    ...(error === undefined ? {} : { error }),
  };
}

/** Each has ended, one way or the other. */
export function haveEnded({ active, retrying, waiting }: ReplayTally): boolean {
  return active + retrying + waiting === 0;
}

/** Each has ended or failed once: retries may take hours, and a first failure is answer enough. */
export function haveAnswered({ active, waiting }: ReplayTally): boolean {
  return active + waiting === 0;
}

/** Replayed jobs that no attempt has reached are dead letters again. Answers with how many. @throws CodedError where the daemon is lost */
export async function takeBack(daemon: Daemon, ids: readonly string[]): Promise<number> {
  let count = 0;
  for (let from = 0; from < ids.length; from += maxIds) count += (await daemon.call('dead/recall', { ids: ids.slice(from, from + maxIds) })).recalled.length;
  return count;
}
