import type { Effects } from '../ledger/change.ts';
import type { Committed, QueueDepth, QueueOrders } from './store.ts';

/** Runs that a commit names, at most. */
const maxRunsNamed = 1000;

/** What the decisions of one transaction have done together, for those who are told of it. */
export class CommitSummary {
  readonly #queues = new Map<number, { arrived: number; left: number }>();
  readonly #runs = new Set<number>();
  readonly #aborting: number[] = [];
  readonly #orders = new Set<number>();

  add({ queues, runs, aborting, orders }: Effects): void {
    for (const [id, { arrived, left }] of queues) {
      const before = this.#queues.get(id);
      this.#queues.set(id, { arrived: arrived + (before?.arrived ?? 0), left: left + (before?.left ?? 0) });
    }
    for (const id of runs) this.#runs.add(id);
    for (const id of aborting) this.#aborting.push(id);
    for (const id of orders) this.#orders.add(id);
  }

  /** With queues as they stand when the transaction is over. */
  told({ depthOf, ordersOf }: { readonly depthOf: (queueId: number) => QueueDepth; readonly ordersOf: (queueId: number) => QueueOrders }): Pick<Committed, 'queues' | 'runs' | 'aborting' | 'orders'> {
    return {
      queues: [...this.#queues].map(([id, moved]) => ({ ...depthOf(id), ...moved })),
      runs: this.#runs.size > maxRunsNamed ? undefined : [...this.#runs],
      ...(this.#aborting.length === 0 ? {} : { aborting: this.#aborting }),
      ...(this.#orders.size === 0 ? {} : { orders: [...this.#orders].map(ordersOf) }),
    };
  }
}

/** What two transactions have done, the later one last. */
export function toldTogether(one: Committed, other: Committed): Committed {
  const queues = new Map(one.queues.map((change) => [change.name, change]));
  for (const change of other.queues) {
    const { arrived, left } = queues.get(change.name) ?? { arrived: 0, left: 0 };
    queues.set(change.name, { ...change, arrived: change.arrived + arrived, left: change.left + left });
  }
  const runs = one.runs === undefined || other.runs === undefined ? undefined : [...new Set([...one.runs, ...other.runs])];
  const aborting = [...(one.aborting ?? []), ...(other.aborting ?? [])];
  const orders = [...(one.orders ?? []), ...(other.orders ?? [])];
  return { ...other, queues: [...queues.values()], runs, ...(aborting.length === 0 ? {} : { aborting }), ...(orders.length === 0 ? {} : { orders }) };
}
