import { KeptWorkflows } from '../../core/kept-workflows.ts';
import type { FanOutProgress } from '../../ledger/call.ts';
import type { Cascade } from '../../ledger/row.ts';
import type { SnapshotParams, StepInfo } from '../../ledger/snapshot.ts';
import { OwnJobs } from './own-jobs.ts';
import type { QueueDefinition } from '../../../schemas/workflow/model.ts';

/** Entries kept of the caches below. */
const maxStepInfos = 20_000;
const maxFanOutMemories = 8;

/** How the store stands as a whole, as last read. */
export interface StandingFigures {
  readonly nextDueAt: number | undefined;
  readonly expanding: readonly FanOutProgress[];
  readonly cascading: boolean;
  readonly runningRuns: number;
}

/** How far this daemon has come with the cascade of a step. */
export interface CascadePlace {
  readonly kind: Cascade;
  /** The place of the last item that has been looked at. */
  readonly after: number;
}

/** What limits of a queue count over all daemons. */
export interface LimitedQueue {
  readonly hasConcurrency: boolean;
  /** Starts within a window of its rate, if it has one. */
  readonly startsOfRate?: number;
}

/** Numbers for new rows, that no row has had. */
export type FreeIds = Record<'runs' | 'steps' | 'jobs' | 'deliveries', number[]>;

/**
 * What one daemon keeps in memory of the store: what never changes, such as the numbers of queues, and figures as they were last read. Others write the store as well, so nothing
 * is decided by it but when to look.
 */
export class DaemonMemory {
  /** Of this daemon among those that share the store; 0 before it has opened it. */
  daemon = 0;
  storeId = '';
  /** The newest version of the tables that this Sluice knows. */
  storeVersion = 0;
  /** The last transaction of this daemon that left a row in `commits`. */
  seq = 0;
  figures: StandingFigures = { nextDueAt: undefined, expanding: [], cascading: false, runningRuns: 0 };
  env: Readonly<Record<string, string>> = {};
  /** Declared by this daemon's files, but not so that it counts. */
  doubtful: readonly QueueDefinition[] = [];
  /** No other daemon is known that has the store: then a batch has it alone from the start, and locks no rows. One that has joined unheard of only has to wait. */
  isAlone = false;
  /** How many others shared the store when this one last checked in. */
  others = 0;
  readonly queueIds = new Map<string, number>();
  readonly queueNames = new Map<number, string>();
  /** Queues that had a limit when they were last looked at: a claim locks their rows, to decide alone what they let start. */
  readonly limitedQueues = new Map<number, LimitedQueue>();
  /** Waits and leases go by the clock of the server, and not by that of whoever calls. */
  hasServerClock = true;
  /** See `SnapshotParams`. */
  linkHash: SnapshotParams['linkHash'];
  /** Is told what the server's clock has just said. */
  onServerTime: (wallMs: number) => void = () => {};
  readonly workflows = new KeptWorkflows();
  readonly ownJobs = new OwnJobs();
  readonly cascadePlaces = new Map<number, CascadePlace>();
  /** The highest numbers that it has taken so far. */
  readonly highest: Record<keyof FreeIds, number> = { runs: 0, steps: 0, jobs: 0, deliveries: 0 };
  /** Numbers that this daemon may give to new rows. */
  ids: FreeIds = { runs: [], steps: [], jobs: [], deliveries: [] };
  readonly #stepInfos = new Map<number, StepInfo>();
  readonly #fanOutMemories = new Map<number, Map<string, unknown>>();

  addQueue(id: number, name: string): void {
    this.queueIds.set(name, id);
    this.queueNames.set(id, name);
  }

  /** Whether a queue is known to have no limit, as it was last looked at. */
  isUnlimited(queue: string): boolean {
    const id = this.queueIds.get(queue);
    return id !== undefined && !this.limitedQueues.has(id);
  }

  stepInfo(stepId: number): StepInfo | undefined {
    return this.#stepInfos.get(stepId);
  }

  /** Of a step that is in the store, and not just in a transaction that may fail. */
  addStepInfo(stepId: number, info: StepInfo): void {
    remember(this.#stepInfos, stepId, info, maxStepInfos);
  }

  /** What the chunks of one fan-out share: to parse the inputs for each would cost more than the jobs. */
  fanOutMemory(stepId: number): Map<string, unknown> {
    let known = this.#fanOutMemories.get(stepId);
    if (known === undefined) {
      known = new Map();
      remember(this.#fanOutMemories, stepId, known, maxFanOutMemories);
    }
    return known;
  }

  /** After a transaction that failed: what was worked out in it may never have been. */
  forgetUnsure(): void {
    this.#fanOutMemories.clear();
    this.cascadePlaces.clear();
  }

  /**
   * After a connection was lost. A server that crashes forgets the numbers that it gave to transactions which never committed, and gives them again: what is
   * left of them here may belong to another row by then. And another server may have taken its place, which lacks what was claimed last.
   */
  forgetNumbers(): void {
    this.ownJobs.forget();
    this.ids = { runs: [], steps: [], jobs: [], deliveries: [] };
  }

  /** The store is as it was some time ago: whatever is known of it may never have been. */
  forgetStore(): void {
    this.forgetUnsure();
    this.forgetNumbers();
    this.#stepInfos.clear();
    this.queueIds.clear();
    this.queueNames.clear();
    this.limitedQueues.clear();
  }
}

/** Adds to a cache, whose oldest entry goes when it is full. */
function remember<Key, Kept>(cache: Map<Key, Kept>, key: Key, value: Kept, most: number): void {
  if (cache.size >= most) {
    const oldest = cache.keys().next();
    if (oldest.done !== true) cache.delete(oldest.value);
  }
  cache.set(key, value);
}
