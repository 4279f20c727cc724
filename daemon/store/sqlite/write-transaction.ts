import type { Call } from '../../ledger/call.ts';
import type { Answer, Decision } from '../../ledger/decide.ts';
import { perform, type LedgerTables } from '../../ledger/perform.ts';
import type { StepRow } from '../../ledger/row.ts';
import { Snapshot, type FactsAtHand, type FactSource } from '../../ledger/snapshot.ts';
import { CommitSummary } from '../commit-summary.ts';
import type { Committed } from '../store.ts';
import { applyChanges } from './apply-changes.ts';
import type { Database } from './database.ts';
import { storedOrders } from './stored-queues.ts';
import type { WriterState } from './writer-state.ts';

export interface StoredFacts {
  readonly linkHash: Snapshot['linkHash'];
  readonly source: FactSource;
  readonly atHand: FactsAtHand;
}

/** One transaction over the tables, shared by all calls of a batch: loads what the ledger asks for, and writes what it decides. */
export class WriteTransaction implements LedgerTables {
  readonly state: WriterState;
  readonly db: Database;
  readonly source: FactSource;
  readonly #atHand: FactsAtHand;
  readonly #linkHash: Snapshot['linkHash'];
  readonly #told = new CommitSummary();

  constructor(state: WriterState, { source, atHand, linkHash }: StoredFacts) {
    this.state = state;
    this.db = state.db;
    this.source = source;
    this.#atHand = atHand;
    this.#linkHash = linkHash;
  }

  /** One stage of a batch. `now`: the time at which what follows from it happens. */
  perform(calls: readonly Call[], now: number): readonly Answer[] {
    return perform(this, calls, now);
  }

  snapshot([first]: readonly Call[]): Snapshot {
    const { state } = this;
    // The chunks of one fan-out share what they read and work out: to parse the inputs for each would cost more than the jobs.
    const memory = first?.name === 'fanOut' ? { memory: state.fanOutMemory(first.params.stepId) } : {};
    return new Snapshot({ env: state.env, ids: state.freshIds, linkHash: this.#linkHash, atHand: this.#atHand, ...memory });
  }

  write({ changes, effects }: Decision): readonly StepRow[] {
    const counted = applyChanges(this.state, changes);
    this.state.follow(effects);
    this.#told.add(effects);
    return counted;
  }

  /** Call it last, before the commit. */
  summary(): Committed {
    const { nextDueAt } = this.state;
    return {
      ...this.#told.told({ depthOf: (id) => this.state.depthOf(id), ordersOf: (id) => storedOrders(this.db, id) }),
      ...(nextDueAt === undefined ? {} : { nextDueAt }),
      expanding: [...this.state.fanOuts.values()],
      cascading: this.state.cascades.size > 0,
      runningRuns: this.state.runningRuns,
    };
  }
}
