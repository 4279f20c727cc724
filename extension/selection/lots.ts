import { inBatches, type BatchOptions, type ProjectTally, type Tally } from './batches.ts';

/** What of one project is acted on. */
export interface Lot<T> {
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
export async function inLots<T>(lots: readonly Lot<T>[], options: BatchOptions = {}): Promise<readonly ProjectTally[]> {
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
