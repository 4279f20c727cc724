import type { JobError } from '../../../schemas/protocol/shape.ts';
import { isJobEnded, type JobState } from '../../../schemas/protocol/state.ts';
import { nextJobState, type JobEvent } from '../../core/state-machine.ts';
import type { Committed } from '../store.ts';
import type { Database } from './database.ts';
import { deadGroupOf } from './dead-group-of.ts';
import type { WriterState } from './writer-state.ts';

/** How a step's counts change by what a transaction did to its jobs. */
export interface TallyChange {
  total: number;
  succeeded: number;
  dead: number;
  cancelled: number;
  discarded: number;
  /** It has to be looked at whatever its counts say. */
  look: boolean;
}

export interface NewJob {
  readonly stepId: number;
  readonly queueId: number;
  readonly priority: number;
  readonly now: number;
  readonly payload: string;
  readonly secrets: string | null;
  readonly item: string | null;
  readonly index: number | null;
  readonly key: string | null;
  /** It can't be sent as it is: it is a dead letter from the start. */
  readonly error?: JobError;
}

/** Runs named in `Committed`, at most. */
const maxRunsNamed = 1000;

/**
 * One transaction over the tables, shared by all operations of a batch. It counts what changes, so that steps and runs are
 * brought up to date once per batch (`advanceRuns`) and not once per job.
 */
export class WriteTransaction {
  readonly state: WriterState;
  readonly db: Database;
  readonly #queues = new Map<number, { arrived: number; left: number }>();
  readonly #runs = new Set<number>();
  #tallies = new Map<number, TallyChange>();
  #delayedChanged = false;

  constructor(state: WriterState) {
    this.state = state;
    this.db = state.db;
  }

  /**
   * The one place where a job's state is decided to change. Counts the move; the caller writes the row.
   *
   * @throws Error where the state machine has no such move: that is a bug
   */
  moveJob(job: { readonly state: JobState; readonly queue_id: number; readonly step_id: number }, event: JobEvent): JobState {
    const next = nextJobState(job.state, event);
    if (next === undefined) throw new Error(`a job that is ${job.state} can't ${event}`);
    this.state.count(job.queue_id, job.state, -1);
    this.state.count(job.queue_id, next, 1);
    const moves = this.#moves(job.queue_id);
    if (isJobEnded(job.state) && !isJobEnded(next)) moves.arrived++;
    else if (job.state === 'active' && isJobEnded(next)) moves.left++;
    if (job.state === 'delayed' || next === 'delayed') this.#delayedChanged = true;
    this.#tally(job.step_id, job.state, -1);
    this.#tally(job.step_id, next, 1);
    return next;
  }

  /** A job that hasn't ended, or is a dead letter, goes to another queue in the state that it is in. The caller writes the row. */
  requeueJob(state: JobState, from: number, to: number): void {
    this.state.count(from, state, -1);
    this.state.count(to, state, 1);
    this.#moves(from);
    const moves = this.#moves(to);
    if (!isJobEnded(state)) moves.arrived++;
  }

  /** Makes a job with its payload. False where its item's key, or its place, is taken. */
  insertJob(job: NewJob): boolean {
    const id = this.state.takeJobId();
    const state: JobState = job.error === undefined ? 'pending' : 'dead';
    const inserted = this.db
      .sql(
        `INSERT OR IGNORE INTO jobs (id, step_id, queue_id, state, priority, due_at, created_at, item_index, item_key, ended_at, error, failure_group)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        id,
        job.stepId,
        job.queueId,
        state,
        job.priority,
        job.now,
        job.now,
        job.index,
        job.key,
        job.error === undefined ? null : job.now,
        job.error === undefined ? null : JSON.stringify(job.error),
        job.error === undefined ? null : deadGroupOf(this.state.stepInfo(job.stepId).uses, job.error, undefined),
      );
    if (inserted.changes === 0) return false;
    this.db
      .sql('INSERT INTO payloads (job_id, payload, secrets, item, created_at) VALUES (?, ?, ?, ?, ?)')
      .run(id, job.payload, job.secrets, job.item, job.now);
    this.state.count(job.queueId, state, 1);
    const moves = this.#moves(job.queueId);
    if (state === 'pending') moves.arrived++;
    const change = this.#change(job.stepId);
    change.total++;
    this.#tally(job.stepId, state, 1);
    return true;
  }

  touchQueue(queueId: number): void {
    this.#moves(queueId);
  }

  touchRun(runId: number): void {
    this.#runs.add(runId);
  }

  /** The step has to be looked at again before the commit. */
  touchStep(stepId: number): void {
    this.#change(stepId).look = true;
  }

  touchDelayed(): void {
    this.#delayedChanged = true;
  }

  /** The steps that have been touched, and how their counts change; from here on it begins anew. */
  takeTallies(): ReadonlyMap<number, TallyChange> {
    const taken = this.#tallies;
    this.#tallies = new Map();
    return taken;
  }

  /** Call it last, before the commit. */
  summary(): Committed {
    if (this.#delayedChanged) this.state.readNextDue();
    const { nextDueAt } = this.state;
    return {
      queues: [...this.#queues].map(([id, moves]) => ({ ...this.state.depthOf(id), ...moves })),
      runs: this.#runs.size > maxRunsNamed ? undefined : [...this.#runs],
      ...(nextDueAt === undefined ? {} : { nextDueAt }),
      expanding: [...this.state.expansions.values()],
      sweeping: this.state.sweeps.size > 0,
      runningRuns: this.state.runningRuns,
    };
  }

  #moves(queueId: number): { arrived: number; left: number } {
    let moves = this.#queues.get(queueId);
    if (moves === undefined) {
      moves = { arrived: 0, left: 0 };
      this.#queues.set(queueId, moves);
    }
    return moves;
  }

  #tally(stepId: number, state: JobState, by: number): void {
    if (state === 'succeeded' || state === 'dead' || state === 'cancelled' || state === 'discarded') this.#change(stepId)[state] += by;
  }

  #change(stepId: number): TallyChange {
    let change = this.#tallies.get(stepId);
    if (change === undefined) {
      change = { total: 0, succeeded: 0, dead: 0, cancelled: 0, discarded: 0, look: false };
      this.#tallies.set(stepId, change);
    }
    return change;
  }
}
