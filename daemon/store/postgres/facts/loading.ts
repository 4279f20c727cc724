import type { QueueMoves } from '../../../ledger/change.ts';
import type { LedgerJob } from '../../../ledger/row.ts';
import type { Ask, DueJob, FactKind, FactKinds, Snapshot, StepInfo } from '../../../ledger/snapshot.ts';
import type { CascadePlace, DaemonMemory, FreeIds } from '../daemon-memory.ts';
import type { Transaction } from '../transaction.ts';

/** What a batch has found out or done that isn't committed yet: kept by the daemon when it is. */
export interface Unsure {
  readonly queues: Map<string, number>;
  readonly stepInfos: Map<number, StepInfo>;
  readonly cascadePlaces: Map<number, CascadePlace>;
  /** Jobs that a claim has found. */
  readonly due: Map<number, DueJob>;
  /** Those of them that it has taken, as it left them. */
  readonly claimed: Map<number, LedgerJob>;
  /** How the depths of queues have moved; their rows are written with the commit. */
  readonly moves: Map<number, QueueMoves>;
  /** Connections that had limits when a claim of the batch began. */
  limitedConnections?: ReadonlySet<string>;
}

export function nothingUnsure(): Unsure {
  return { queues: new Map(), stepInfos: new Map(), cascadePlaces: new Map(), due: new Map(), claimed: new Map(), moves: new Map() };
}

/** Where facts are loaded: a transaction, and what its daemon has in memory. */
export interface Loading {
  readonly tx: Transaction;
  readonly memory: DaemonMemory;
  readonly unsure: Unsure;
  /** Those of the memory that the transaction has not given to a row. */
  readonly ids: FreeIds;
}

type AskOf<Kind extends FactKind> = Extract<Ask, { readonly kind: Kind }>;

/** Loads all facts of one kind that are asked for together, so that as few statements as possible are sent: each sends its first before it waits for anything. */
export type Load<Kind extends FactKind> = (loading: Loading, asks: readonly AskOf<Kind>[], snapshot: Snapshot) => Promise<void>;

export type Loads<Kind extends FactKind> = { readonly [One in Kind]: Load<One> };

export function keysOf<Kind extends FactKind>(asks: readonly AskOf<Kind>[]): FactKinds[Kind][0][] {
  return asks.map(({ key }) => key);
}

/** One fact after the other, each with a statement of its own that goes out with those of the others: for what is seldom asked for, or has a limit. */
export function each<Kind extends FactKind>(kind: Kind, load: (loading: Loading, key: FactKinds[Kind][0], limit: number) => Promise<FactKinds[Kind][1]>): Load<Kind> {
  return async (loading, asks, snapshot) => {
    await Promise.all(asks.map(async ({ key, limit = 0 }) => snapshot.set(kind, key, await load(loading, key, limit), limit)));
  };
}

/** The same of what only a batch may ask for that has the store alone. */
export function eachAlone<Kind extends FactKind>(kind: Kind, load: (loading: Loading, key: FactKinds[Kind][0], limit: number) => Promise<FactKinds[Kind][1]>): Load<Kind> {
  const loadEach = each(kind, load);
  return (loading, asks, snapshot) => {
    loading.tx.needAlone();
    return loadEach(loading, asks, snapshot);
  };
}

/** Facts by numbers, all of them with one statement; what isn't found is `none`. */
export function byNumber<Kind extends FactKind>(
  kind: Kind,
  load: (loading: Loading, ids: readonly number[]) => Promise<Iterable<readonly [id: number, value: FactKinds[Kind][1]]>>,
  none: (id: number) => FactKinds[Kind][1],
): Load<Kind> {
  return async (loading, asks, snapshot) => {
    const ids = keysOf(asks) as number[];
    const found = new Map(await load(loading, ids));
    for (const id of ids) {
      const value = found.get(id);
      snapshot.set(kind, id, value === undefined ? none(id) : value);
    }
  };
}

/** A key of two parts, as JSON. */
export function pairOf<First, Second>(key: string): readonly [First, Second] {
  return JSON.parse(key) as readonly [First, Second];
}
