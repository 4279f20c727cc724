import type { SeriesPoint } from '../../schemas/protocol/queue.ts';

/** What is known of one queue, a list for each measure and an entry for each step; `null` if nothing is known of that time. */
export interface QueueColumns {
  readonly queue: string;
  /** Depths at the end of the step. */
  readonly pending: Column;
  readonly delayed: Column;
  readonly active: Column;
  readonly dead: Column;
  /** Counts within the step. */
  readonly arrivals: Column;
  readonly completions: Column;
  readonly failures: Column;
  readonly waitingMeanMs: Column;
  readonly waitingMaxMs: Column;
  readonly runningMeanMs: Column;
}
export type Column = readonly (number | null)[];

/** Steps of the same length for all queues, so that the pictures have one axis and one cursor. */
export interface SeriesGrid {
  /** When the first step begins, since the epoch. */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly queues: readonly QueueColumns[];
  /** Names of queues that there is no room for. */
  readonly leftOut: readonly string[];
}

export interface GridSpan {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

/** The steps of a time span that ends now; they begin at multiples of `stepMs`, and the last is the one that ended last. */
export function gridSpan({ nowMs, spanMs, stepMs }: { readonly nowMs: number; readonly spanMs: number; readonly stepMs: number }): GridSpan {
  const steps = Math.ceil(spanMs / stepMs);
  const endMs = Math.floor(nowMs / stepMs) * stepMs;
  return { fromMs: endMs - steps * stepMs, stepMs, steps };
}

/** Puts points into the steps of a grid: counts add up, depths are the last, times are weighted by what they were measured on. */
export function columnsOf(queue: string, points: readonly SeriesPoint[], { fromMs, stepMs, steps }: GridSpan): QueueColumns {
  const cells = Array.from({ length: steps }, (): Cell | undefined => undefined);
  for (const point of points) {
    const index = Math.floor((Date.parse(point.at) - fromMs) / stepMs);
    if (index < 0 || index >= steps) continue;
    cells[index] = addTo(cells[index] ?? emptyCell, point);
  }
  const column = (value: (cell: Cell) => number | null): Column => cells.map((cell) => (cell === undefined ? null : value(cell)));
  return {
    queue,
    pending: column(({ pending }) => pending),
    delayed: column(({ delayed }) => delayed),
    active: column(({ active }) => active),
    dead: column(({ dead }) => dead),
    arrivals: column(({ arrivals }) => arrivals),
    completions: column(({ completions }) => completions),
    failures: column(({ failures }) => failures),
    waitingMeanMs: column(({ waiting }) => meanOf(waiting)),
    waitingMaxMs: column(({ waiting }) => waiting?.maxMs ?? null),
    runningMeanMs: column(({ running }) => meanOf(running)),
  };
}

interface Spent {
  readonly sumMs: number;
  readonly weight: number;
  readonly maxMs: number;
}

interface Cell {
  readonly pending: number;
  readonly delayed: number;
  readonly active: number;
  readonly dead: number;
  readonly arrivals: number;
  readonly completions: number;
  readonly failures: number;
  readonly waiting?: Spent;
  readonly running?: Spent;
}

const emptyCell: Cell = { pending: 0, delayed: 0, active: 0, dead: 0, arrivals: 0, completions: 0, failures: 0 };

function addTo(cell: Cell, { pending, delayed, active, dead, arrivals, completions, failures, waiting, running }: SeriesPoint): Cell {
  // How many attempts a mean was taken over isn't told; those that ended in the step are the nearest to it.
  const weight = Math.max(1, completions + failures);
  const waited = addSpent(cell.waiting, waiting, weight);
  const ran = addSpent(cell.running, running, weight);
  return {
    pending,
    delayed,
    active,
    dead,
    arrivals: cell.arrivals + arrivals,
    completions: cell.completions + completions,
    failures: cell.failures + failures,
    ...(waited === undefined ? {} : { waiting: waited }),
    ...(ran === undefined ? {} : { running: ran }),
  };
}

function addSpent(sum: Spent | undefined, added: SeriesPoint['waiting'], weight: number): Spent | undefined {
  if (added === undefined) return sum;
  return { sumMs: (sum?.sumMs ?? 0) + added.meanMs * weight, weight: (sum?.weight ?? 0) + weight, maxMs: Math.max(sum?.maxMs ?? 0, added.maxMs) };
}

function meanOf(spent: Spent | undefined): number | null {
  return spent === undefined ? null : spent.sumMs / spent.weight;
}
