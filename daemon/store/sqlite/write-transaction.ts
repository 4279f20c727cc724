import type { Call } from '../../ledger/call.ts';
import type { Effects, QueueMoves } from '../../ledger/change.ts';
import { decide, preludeOf, type Answer, type Decision } from '../../ledger/decide.ts';
import type { StepRow } from '../../ledger/row.ts';
import { Snapshot, type FactsAtHand, type FactSource } from '../../ledger/snapshot.ts';
import type { Committed } from '../store.ts';
import { applyChanges } from './apply-changes.ts';
import type { Database } from './database.ts';
import type { WriterState } from './writer-state.ts';

/** Runs named in `Committed`, at most. */
const maxRunsNamed = 1000;

export interface StoredFacts {
  readonly source: FactSource;
  readonly atHand: FactsAtHand;
}

/** One transaction over the tables, shared by all calls of a batch: loads what the ledger asks for, and writes what it decides. */
export class WriteTransaction {
  readonly state: WriterState;
  readonly db: Database;
  readonly #source: FactSource;
  readonly #atHand: FactsAtHand;
  readonly #queues = new Map<number, Pick<QueueMoves, 'arrived' | 'left'>>();
  readonly #runs = new Set<number>();

  constructor(state: WriterState, { source, atHand }: StoredFacts) {
    this.state = state;
    this.db = state.db;
    this.#source = source;
    this.#atHand = atHand;
  }

  /** One stage of a batch. `now`: the time at which what follows from it happens. */
  perform(calls: readonly Call[], now: number): readonly Answer[] {
    for (;;) {
      const prelude = calls[0] === undefined ? undefined : preludeOf(calls[0]);
      if (prelude !== undefined) this.#decide([prelude], now);
      const { answers, askAgain } = this.#decide(calls, now);
      if (!askAgain) return answers;
    }
  }

  touchDelayed(): void {
    this.state.nextDueChanged();
  }

  /** Call it last, before the commit. */
  summary(): Committed {
    const { nextDueAt } = this.state;
    return {
      queues: [...this.#queues].map(([id, { arrived, left }]) => ({ ...this.state.depthOf(id), arrived, left })),
      runs: this.#runs.size > maxRunsNamed ? undefined : [...this.#runs],
      ...(nextDueAt === undefined ? {} : { nextDueAt }),
      expanding: [...this.state.expansions.values()],
      sweeping: this.state.sweeps.size > 0,
      runningRuns: this.state.runningRuns,
    };
  }

  /** Decides, writes, and moves steps and runs on until nothing moves any more. */
  #decide(calls: readonly Call[], now: number): Decision {
    const decision = this.#decided(calls, []);
    let { steps } = decision.effects;
    for (let counted = this.#write(decision); steps.size > 0; ) {
      const moved = this.#decided([{ name: 'advance', params: { steps, now } }], counted);
      counted = this.#write(moved);
      ({ steps } = moved.effects);
    }
    return decision;
  }

  #decided(calls: readonly Call[], counted: readonly StepRow[]): Decision {
    const snapshot = new Snapshot({ env: this.state.env, ids: this.state.freshIds, atHand: this.#atHand, ...memoryFor(this.state, calls) });
    for (const step of counted) snapshot.set('step', step.id, step);
    for (;;) {
      const decision = decide(calls, snapshot);
      if (!('missing' in decision)) return decision;
      snapshot.load(decision.missing, this.#source);
    }
  }

  #write({ changes, effects }: Decision): readonly StepRow[] {
    const counted = applyChanges(this.state, changes);
    this.state.follow(effects);
    this.#note(effects);
    return counted;
  }

  #note({ queues, runs }: Effects): void {
    for (const [id, { arrived, left }] of queues) {
      const before = this.#queues.get(id);
      this.#queues.set(id, { arrived: arrived + (before?.arrived ?? 0), left: left + (before?.left ?? 0) });
    }
    for (const id of runs) this.#runs.add(id);
  }
}

/** The chunks of one fan-out share what they read and work out: to parse the inputs for each would cost more than the jobs. */
function memoryFor(state: WriterState, [first]: readonly Call[]): { readonly memory?: Map<string, unknown> } {
  return first?.name === 'expand' ? { memory: state.fanOutMemory(first.params.stepId) } : {};
}
