import { isJobEnded as isEnded } from '../../schemas/protocol/id.ts';
import { shownJobState, type JobStanding } from '../core/state-machine.ts';
import type { FanOutProgress, StepProgress } from './call.ts';
import type { Effects, QueueMoves, StepCounts } from './change.ts';
import type { Cascade, LedgerJob } from './row.ts';

/** What follows from the changes of one decision, while it is made: how queues and counts move, and what has to be looked at. */
export class EffectsSoFar implements Effects {
  readonly queues = new Map<number, QueueMoves>();
  readonly runs = new Set<number>();
  readonly steps = new Map<number, StepProgress>();
  runningRuns = 0;
  delayed = false;
  readonly counts = new Map<number, Partial<StepCounts>>();
  #fanOuts: Map<number, FanOutProgress | undefined> | undefined;
  #cascades: Map<number, Cascade | undefined> | undefined;
  #aborting: number[] | undefined;
  #orders: Set<number> | undefined;

  // Most decisions have none of these.

  get fanOuts(): ReadonlyMap<number, FanOutProgress | undefined> {
    return this.#fanOuts ?? none;
  }

  get cascades(): ReadonlyMap<number, Cascade | undefined> {
    return this.#cascades ?? none;
  }

  get aborting(): readonly number[] {
    return this.#aborting ?? noJobs;
  }

  get orders(): ReadonlySet<number> {
    return this.#orders ?? noQueues;
  }

  /** A job goes from one state to another. */
  moveJob({ queue_id: queueId, step_id: stepId }: Pick<LedgerJob, 'queue_id' | 'step_id'>, from: JobStanding, to: JobStanding): void {
    this.#countInQueue(queueId, from, -1);
    const moves = this.#countInQueue(queueId, to, 1);
    if (isJobEnded(from) && to !== 'waiting' && !isJobEnded(to)) moves.arrived++;
    else if (from === 'active' && (to === 'waiting' || isJobEnded(to))) moves.left++;
    if (isDueLater(from) || isDueLater(to)) this.delayed = true;
    this.#tally(stepId, from, -1);
    this.#tally(stepId, to, 1);
  }

  /** A job goes to another queue in the state that it is in. */
  requeueJob({ queue_id: from, state }: Pick<LedgerJob, 'queue_id' | 'state'>, to: number): void {
    this.#countInQueue(from, state, -1);
    const moves = this.#countInQueue(to, state, 1);
    if (state !== 'waiting' && !isJobEnded(state)) moves.arrived++;
  }

  addJob({ queue_id: queueId, step_id: stepId, state }: Pick<LedgerJob, 'queue_id' | 'step_id' | 'state'>): void {
    const moves = this.#countInQueue(queueId, state, 1);
    if (state === 'pending') moves.arrived++;
    this.count(stepId, 'total', 1);
    this.#tally(stepId, state, 1);
  }

  /** A job of an ended step goes: nothing moves by it. */
  deleteJob({ step_id: stepId, state }: Pick<LedgerJob, 'step_id' | 'state'>): void {
    const counts = this.#countsOf(stepId);
    counts.total = (counts.total ?? 0) - 1;
    if (isCounted(state)) counts[state] = (counts[state] ?? 0) - 1;
  }

  /** Adds to a count of a step that isn't a job's state. */
  count(stepId: number, name: keyof StepCounts, by: number): void {
    const counts = this.#countsOf(stepId);
    counts[name] = (counts[name] ?? 0) + by;
    this.#progressOf(stepId);
  }

  /** The run begins to run, or ends. */
  countRun(by: 1 | -1): void {
    this.runningRuns += by;
  }

  /** `undefined`: it ends. */
  setFanOut(stepId: number, fanOut: FanOutProgress | undefined): void {
    (this.#fanOuts ??= new Map()).set(stepId, fanOut);
  }

  setCascade(stepId: number, cascade: Cascade | undefined): void {
    (this.#cascades ??= new Map()).set(stepId, cascade);
  }

  /** The attempt of the job that is under way has to be aborted. */
  abort(jobId: number): void {
    (this.#aborting ??= []).push(jobId);
  }

  /** A person has told the queue something. */
  order(queueId: number): void {
    (this.#orders ??= new Set()).add(queueId);
  }

  touchQueue(queueId: number): void {
    this.#movesOf(queueId);
  }

  touchRun(runId: number): void {
    this.runs.add(runId);
  }

  /** The step has to be looked at when this is written, whatever its counts say. */
  touchStep(stepId: number, runId?: number): void {
    const progress = this.#progressOf(stepId);
    progress.look = true;
    if (runId !== undefined) progress.runId = runId;
  }

  touchDelayed(): void {
    this.delayed = true;
  }

  #tally(stepId: number, state: JobStanding, by: 1 | -1): void {
    if (!isCounted(state)) return;
    this.count(stepId, state, by);
    if (by > 0 && (state === 'succeeded' || state === 'dead')) this.#progressOf(stepId)[state] = true;
  }

  #countInQueue(queueId: number, state: JobStanding, by: number): QueueMoves {
    const moves = this.#movesOf(queueId);
    if (state === 'pending' || state === 'delayed' || state === 'active' || state === 'dead') moves[state] += by;
    return moves;
  }

  #movesOf(queueId: number): QueueMoves {
    let moves = this.queues.get(queueId);
    if (moves === undefined) {
      moves = { pending: 0, delayed: 0, active: 0, dead: 0, arrived: 0, left: 0 };
      this.queues.set(queueId, moves);
    }
    return moves;
  }

  #countsOf(stepId: number): Partial<StepCounts> {
    let counts = this.counts.get(stepId);
    if (counts === undefined) {
      counts = {};
      this.counts.set(stepId, counts);
    }
    return counts;
  }

  #progressOf(stepId: number): StepProgress {
    let progress = this.steps.get(stepId);
    if (progress === undefined) {
      progress = { succeeded: false, dead: false, look: false };
      this.steps.set(stepId, progress);
    }
    return progress;
  }
}

const none: ReadonlyMap<number, undefined> = new Map();
const noJobs: readonly number[] = [];
const noQueues: ReadonlySet<number> = new Set();

function isCounted(state: JobStanding): state is 'succeeded' | 'dead' | 'cancelled' | 'discarded' {
  return state === 'succeeded' || state === 'dead' || state === 'cancelled' || state === 'discarded';
}

function isJobEnded(state: JobStanding): boolean {
  return isEnded(shownJobState(state));
}

function isDueLater(state: JobStanding): boolean {
  return state === 'delayed' || state === 'waiting';
}
