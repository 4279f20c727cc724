import type { BulkView, ReplayTally } from '../../schemas/protocol/bulk.ts';
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

/** Looks at jobs again and again, until it is enough. Answers with what became of them. @throws CodedError if the daemon is lost */
export function watchReplay(daemon: Daemon, ids: readonly string[], options: WatchOptions): Promise<ReplayTally> {
  return watchTally(async () => {
    const tallies: ReplayTally[] = [];
    for (let from = 0; from < ids.length; from += maxIds) tallies.push(await daemon.call('dead/tally', { ids: ids.slice(from, from + maxIds) }));
    return joinTallies(tallies);
  }, options);
}

/** The same of replays that a daemon carried out. @throws CodedError if the daemon is lost */
export function watchBulks(daemon: Daemon, bulks: readonly BulkView[], options: WatchOptions): Promise<ReplayTally> {
  return watchTally(async () => joinTallies(await Promise.all(bulks.map(({ id }) => daemon.call('bulk/tally', { id })))), options);
}

async function watchTally(look: () => Promise<ReplayTally>, { nextLook, isEnough, onProgress }: WatchOptions): Promise<ReplayTally> {
  while (true) {
    const tally = await look();
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
  const takenBack = tallies.some((tally) => tally.takenBack !== undefined) ? { takenBack: add((tally) => tally.takenBack ?? 0) } : {};
  return {
    ...takenBack,
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
