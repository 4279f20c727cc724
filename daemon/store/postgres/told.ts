import type { Effects } from '../../ledger/change.ts';

/** What a transaction has changed, as its row in `commits` has it: what follows from it for figures is read from the tables by whoever hears of it. */
export interface Told {
  /** By the number of the queue: jobs that came to wait, and jobs that an attempt has ended. */
  readonly queues: readonly (readonly [queueId: number, arrived: number, left: number])[];
  /** Undefined: too many to name. */
  readonly runs?: readonly number[];
  readonly aborting?: readonly number[];
  readonly orders?: readonly number[];
  /** Which figures may be others now. */
  readonly delayed?: true;
  readonly fanOuts?: true;
  readonly cascades?: true;
  readonly runningRuns?: true;
  /** Files of a daemon declare something else. */
  readonly declared?: true;
}

/** Runs that are named, at most. */
const maxRunsNamed = 1000;

/** What the decisions of one transaction have done together. */
export class ToldSoFar {
  readonly #queues = new Map<number, { arrived: number; left: number }>();
  readonly #runs = new Set<number>();
  readonly #aborting: number[] = [];
  readonly #orders = new Set<number>();
  delayed = false;
  fanOuts = false;
  cascades = false;
  runningRuns = 0;
  declared = false;

  add({ queues, runs, aborting, orders, delayed, fanOuts, cascades, runningRuns }: Effects): void {
    for (const [id, { arrived, left }] of queues) {
      const before = this.#queues.get(id);
      this.#queues.set(id, { arrived: arrived + (before?.arrived ?? 0), left: left + (before?.left ?? 0) });
    }
    for (const id of runs) this.#runs.add(id);
    this.#aborting.push(...aborting);
    for (const id of orders) this.#orders.add(id);
    this.delayed ||= delayed;
    this.fanOuts ||= fanOuts.size > 0;
    this.cascades ||= cascades.size > 0;
    this.runningRuns += runningRuns;
  }

  /** Whether jobs of that queue came to wait. */
  hasArrived(queueId: number): boolean {
    return (this.#queues.get(queueId)?.arrived ?? 0) > 0;
  }

  /** Whether it has only moved jobs of queues: how the store stands as a whole is as before. */
  get isPlain(): boolean {
    return !this.delayed && !this.fanOuts && !this.cascades && !this.declared && this.runningRuns === 0 && this.#orders.size === 0 && this.#aborting.length === 0;
  }

  get told(): Told {
    return {
      queues: [...this.#queues].map(([id, { arrived, left }]) => [id, arrived, left]),
      ...(this.#runs.size > maxRunsNamed ? {} : { runs: [...this.#runs] }),
      ...(this.#aborting.length === 0 ? {} : { aborting: this.#aborting }),
      ...(this.#orders.size === 0 ? {} : { orders: [...this.#orders] }),
      ...(this.delayed ? { delayed: true } : {}),
      ...(this.fanOuts ? { fanOuts: true } : {}),
      ...(this.cascades ? { cascades: true } : {}),
      ...(this.runningRuns === 0 ? {} : { runningRuns: true }),
      ...(this.declared ? { declared: true } : {}),
    };
  }
}

/** What several transactions have done, in their order. */
export function toldAsOne(all: readonly Told[]): Told {
  const queues = new Map<number, readonly [arrived: number, left: number]>();
  for (const [id, arrived, left] of all.flatMap((told) => told.queues)) {
    const [arrivedBefore, leftBefore] = queues.get(id) ?? [0, 0];
    queues.set(id, [arrivedBefore + arrived, leftBefore + left]);
  }
  const aborting = all.flatMap((told) => told.aborting ?? []);
  const orders = [...new Set(all.flatMap((told) => told.orders ?? []))];
  const runs = new Set(all.flatMap((told) => told.runs ?? []));
  const has = (name: 'delayed' | 'fanOuts' | 'cascades' | 'runningRuns' | 'declared'): { readonly [Name in typeof name]?: true } => (all.some((told) => told[name] === true) ? { [name]: true } : {});
  return {
    queues: [...queues].map(([id, moved]) => [id, ...moved]),
    ...(runs.size > maxRunsNamed || all.some((told) => told.runs === undefined) ? {} : { runs: [...runs] }),
    ...(aborting.length === 0 ? {} : { aborting }),
    ...(orders.length === 0 ? {} : { orders }),
    ...has('delayed'),
    ...has('fanOuts'),
    ...has('cascades'),
    ...has('runningRuns'),
    ...has('declared'),
  };
}
