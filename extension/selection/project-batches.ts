import { setTimeout as delay } from 'node:timers/promises';
import { ClientError } from '../../client/client-error.ts';
import type { Daemon } from '../../client/daemon-client.ts';
import { followBulk } from '../../client/run-bulk.ts';
import { type BulkView, maxBulkIds } from '../../schemas/protocol/bulk.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { Params } from '../../schemas/protocol/method.ts';
import { say, toldText } from '../wording/language.ts';
import { type BatchOptions, inBatches, type ProjectTally, type Tally } from './batches.ts';
import type { FollowedBulks } from './unfollowed-bulks.ts';
import { messageOf } from '../wording/client-fault-text.ts';

/** What of one project is acted on. */
export interface ProjectBatch<T> {
  /** Its name, for a person. */
  readonly project: string;
  readonly items: readonly T[];
  /** As of `inBatches`. */
  readonly act: (items: T[]) => Promise<unknown>;
}

/**
 * Acts on many of several projects, one project after the other, in batches. A fault ends its own project's part only, because every project has a
 * daemon of its own; a cancel ends all. Never rejects, so that the tallies always are the truth.
 */
export async function runBatches<T>(lots: readonly ProjectBatch<T>[], options: BatchOptions = {}): Promise<readonly ProjectTally[]> {
  const { onProgress } = options;
  const total = lots.reduce((sum, { items }) => sum + items.length, 0);
  const tallies: ProjectTally[] = [];
  let before = 0;
  for (const { project, items, act } of lots) {
    const from = before;
    tallies.push({ project, tally: await inBatches(items, act, { ...options, onProgress: (done) => onProgress?.(from + done, total) }) });
    before += items.length;
  }
  return tallies;
}

/** The tally of all projects together; where they are several, with that of each. */
export function sumOf(tallies: readonly ProjectTally[]): Tally {
  const [first, ...others] = tallies;
  if (first !== undefined && others.length === 0) return first.tally;
  const add = (count: (tally: Tally) => number): number => tallies.reduce((sum, { tally }) => sum + count(tally), 0);
  const faults = tallies.flatMap(({ project, tally }) => (tally.fault === undefined ? [] : [`${project}: ${tally.fault}`]));
  return {
    total: add(({ total }) => total),
    done: add(({ done }) => done),
    skipped: add(({ skipped }) => skipped),
    isCancelled: tallies.some(({ tally }) => tally.isCancelled),
    ...(faults.length === 0 ? {} : { fault: faults.join(' ') }),
    ...(tallies.length === 0 ? {} : { byProject: tallies }),
  };
}

const firstLookMs = 50;
const longestLookMs = 1000;


/** What of one project is acted on: jobs by their ids (runs, if these are cancelled), or all of a queue that the action is for. */
export type BulkLot = {
  /** A function connects to it when its turn comes. */
  readonly daemon: Daemon | (() => Promise<Daemon>);
} & ({ readonly ids: readonly string[] } | { readonly queue: string; readonly expected: number });

/** What is the same for all of them. */
type BulkParams = Pick<Params<'bulk/start'>, 'action' | 'rate' | 'originals' | 'reason' | 'file' | 'overwrite'>;

export interface BulkLotsOptions {
  /** So that nobody else in the window tells of it. */
  readonly followed: FollowedBulks;
  readonly onProgress?: (done: number, total: number) => void;
  readonly isCancelled?: () => boolean;
  /** Between two looks, by how long one waits. */
  readonly wait?: (ms: number) => Promise<void>;
}

export interface BulkOutcome {
  readonly tally: Tally;
  /** The work that was begun for it. */
  readonly bulks: readonly BulkView[];
}

/**
 * Has the daemons of several projects work on many jobs, one project after the other. What was begun continues if this window is closed. A fault ends its
 * own project's part only, because every project has a daemon of its own; a cancel ends all. Never rejects, so that the tallies always are the truth.
 */
export async function inBulk(lots: readonly BulkLot[], request: BulkParams, options: BulkLotsOptions): Promise<readonly BulkOutcome[]> {
  const total = lots.reduce((sum, lot) => sum + sizeOf(lot), 0);
  const outcomes: BulkOutcome[] = [];
  let before = 0;
  for (const lot of lots) {
    const from = before;
    outcomes.push(await ofLot(lot, request, { ...options, onProgress: (done, size) => options.onProgress?.(from + done, total - sizeOf(lot) + size) }));
    before += sizeOf(lot);
  }
  return outcomes;
}

async function ofLot(lot: BulkLot, request: BulkParams, { followed, onProgress, isCancelled, wait = (ms) => delay(ms) }: BulkLotsOptions): Promise<BulkOutcome> {
  const bulks: BulkView[] = [];
  const came = (): number => bulks.reduce((sum, { done, skipped }) => sum + done + skipped, 0);
  // How many there are of a queue is only known when they have been selected.
  const size = (): number => ('ids' in lot ? lot.ids.length : (bulks[0]?.total ?? lot.expected));
  // Of two works at a rate, each would keep it by itself; of two exports, one would replace the other's file.
  const meant = (): number => (request.rate === undefined && request.action !== 'export' ? size() : Math.min(size(), maxBulkIds));
  try {
    if (size() === 0 || isCancelled?.() === true) return { tally: tallyOf(size(), bulks, { isCancelled: size() > 0 }), bulks };
    const daemon = typeof lot.daemon === 'function' ? await lot.daemon() : lot.daemon;
    for (const selection of selectionsOf(lot, request, meant())) {
      if (isCancelled?.() === true) break;
      const begun = await daemon.call('bulk/start', { ...request, ...selection });
      followed.add(daemon, begun.id);
      const place = bulks.push(begun) - 1;
      let lookMs = firstLookMs;
      bulks[place] = await followBulk(daemon, begun, {
        nextLook: async () => {
          await wait(lookMs);
          lookMs = Math.min(longestLookMs, lookMs * 1.5);
        },
        ...(isCancelled === undefined ? {} : { isCancelled }),
        onProgress: (bulk) => {
          bulks[place] = bulk;
          onProgress?.(came(), size());
        },
      });
    }
    const fault = bulks.flatMap(({ problem: text, problemWording }) => (text === undefined ? [] : [toldText({ message: text, wording: problemWording })]))[0];
    const problem = fault ?? (came() === meant() && meant() < size() ? tooManyText(request, meant()) : undefined);
    return { tally: tallyOf(size(), bulks, { isCancelled: came() < size() && problem === undefined, ...(problem === undefined ? {} : { fault: problem }) }), bulks };
  } catch (error) {
    return { tally: tallyOf(size(), bulks, { isCancelled: false, fault: faultOf(error, bulks.at(-1)) }), bulks };
  }
}

function tooManyText({ action }: BulkParams, meant: number): string {
  return action === 'export'
    ? say('No more than {meant} can be exported to a file at a time. Use a filter, or `sluice dead export --all --output FILE`.', { meant })
    : say('No more than {meant} can be sent at a rate at a time. Send the others when these are through.', { meant });
}

function sizeOf(lot: BulkLot): number {
  return 'ids' in lot ? lot.ids.length : lot.expected;
}

/** As many as one message holds at a time. */
function selectionsOf(lot: BulkLot, { action }: BulkParams, meant: number): readonly Pick<Params<'bulk/start'>, 'ids' | 'runs' | 'all' | 'queue'>[] {
  if (!('ids' in lot)) return [{ all: true, queue: lot.queue }];
  return Array.from({ length: Math.ceil(meant / maxBulkIds) }, (_, index) => {
    const some = lot.ids.slice(index * maxBulkIds, (index + 1) * maxBulkIds);
    return action === 'cancel-runs' ? { runs: some } : { ids: some };
  });
}

function tallyOf(total: number, bulks: readonly BulkView[], more: Pick<Tally, 'isCancelled' | 'fault'>): Tally {
  const add = (count: (bulk: BulkView) => number): number => bulks.reduce((sum, bulk) => sum + count(bulk), 0);
  return { total, done: add(({ done }) => done), skipped: add(({ skipped }) => skipped), ...more };
}

/** What was begun isn't over because this window has lost sight of it. */
function faultOf(error: unknown, last: BulkView | undefined): string {
  if (error instanceof CodedError && error.code === 'unknown-method') return say('The daemon has an earlier version. Restart it to work on many at a time.');
  const text = messageOf(error);
  return error instanceof ClientError && last !== undefined ? `${text} ${say('The daemon continues with it as {bulk}.', { bulk: last.id })}` : text;
}
