import type { JobError } from '../../schemas/protocol/shape.ts';
import { isStepEnded, type RunState, type StepState } from '../../schemas/protocol/id.ts';
import { evaluateExpression, isTruthy } from '../../schemas/workflow/expression/expression.ts';
import type { Step, Workflow } from '../../schemas/workflow/model.ts';
import { message } from '../../schemas/wording/message.ts';
import { messageOfTold, told, type Told } from '../../schemas/wording/told.ts';
import { jobError } from '../core/job-error.ts';
import { dependentsOf, planSteps, type PriorStatus } from '../core/run-plan.ts';
import { nextOnFailure, nextRunState, nextStepState, type CascadeEvent, type OnFailureEvent, type RunEvent, type StepEvent } from '../core/state-machine.ts';
import { computeOutputs } from '../core/run-scope.ts';
import { openJobs, runOutcome, stepOutcome } from '../core/step-outcome.ts';
import { mayMove, tallyOf, type AdvanceParams } from './advance-facts.ts';
import type { Book } from './book.ts';
import { isHeld, type RunError, type RunRow, type RunTexts, type StepRow } from './row.ts';
import { openGates } from './run-gate.ts';
import { scopeOf } from './scope.ts';
import { MissingFact, type RunFacts } from './snapshot.ts';
import { startStep } from './starting.ts';
import { endRunWait, reopenRunWait } from './waiting.ts';

/**
 * Moves the runs of steps on by what has happened to their jobs, which has been written. What it starts may touch steps in turn: it is called again
 * until nothing is touched.
 *
 * Architecture invariant: no other place changes the state of a step or a run, or of the `on-failure` steps of a run.
 */
export function advance(book: Book, { steps, now }: AdvanceParams): void {
  for (const [runId, progressed] of runsToLookAt(book, steps)) {
    try {
      new RunAdvance(book, runOf(book, runId), now).advance(progressed);
    } catch (error) {
      // The others continue, so that what all of them miss is loaded together.
      if (!(error instanceof MissingFact) && book.missing.length === 0) throw error;
    }
  }
}

/** The runs that may move, with the steps of each in which a job has succeeded. */
function runsToLookAt(book: Book, steps: AdvanceParams['steps']): ReadonlyMap<number, ReadonlySet<string>> {
  const runs = new Map<number, Set<string>>();
  for (const [stepId, progress] of steps) {
    const step = progress.runId === undefined ? book.fact('step', stepId) : undefined;
    const runId = progress.runId ?? step?.run_id;
    if (runId === undefined) continue;
    book.effects.touchRun(runId);
    if (step !== undefined && !mayMove(step, progress)) continue;
    const progressed = runs.get(runId) ?? new Set();
    if (step !== undefined && progress.succeeded) progressed.add(step.name);
    runs.set(runId, progressed);
  }
  return runs;
}

function runOf(book: Book, runId: number): RunFacts {
  const facts = book.fact('run', runId);
  if (facts === undefined) throw new Error(`there is no run ${runId} of a step that was touched`);
  return facts;
}

class RunAdvance {
  readonly #book: Book;
  readonly #now: number;
  #run: RunRow;
  readonly #workflow: Workflow;
  readonly #steps: Map<string, StepRow>;

  constructor(book: Book, { run, steps }: RunFacts, now: number) {
    this.#book = book;
    this.#now = now;
    this.#run = run;
    this.#workflow = book.workflow(run.version);
    this.#steps = new Map(steps.map((row) => [row.name, row]));
  }

  advance(progressed: ReadonlySet<string>): void {
    for (const step of [...this.#steps.values()]) {
      if (step.state === 'running') this.#closeStep(step);
      else if (step.state === 'failed' && progressed.has(step.name)) this.#reopenStep(step);
    }
    if (this.#run.cancel_requested === 1) this.#cancelWaiting();
    if (this.#run.state === 'running') {
      if (this.#run.gate === null) this.#moveSteps(this.#workflow.steps);
      this.#closeRun();
    }
    if (this.#run.on_failure_state === 'running') {
      this.#moveSteps(this.#workflow.onFailure);
      if ([...this.#statesOf(this.#workflow.onFailure).values()].every(isStepEnded)) this.#endOnFailure();
    }
  }

  #closeStep(step: StepRow): void {
    // Some of its jobs still are as its failure left them.
    if (step.cascade === 'reopening') return;
    if (step.error !== null) {
      // Its items could not be read.
      this.#moveStep(step, 'fail', JSON.parse(step.error) as JobError);
      if (openJobs(tallyOf(step)) > 0) this.#failJobs(step);
      return;
    }
    const cancelling = this.#run.cancel_requested === 1 || step.cascade === 'cancelling';
    const outcome = stepOutcome(tallyOf(step), this.#definition(step.name)?.foreach, cancelling);
    switch (outcome) {
      case 'open':
        return;
      case 'succeeded':
        this.#moveStep(step, 'succeed');
        return;
      case 'cancelled':
        this.#moveStep(step, 'cancel');
        return;
      case 'failed':
        this.#moveStep(step, 'fail', this.#deathOf(step));
        // Only `on-item-failure: fail` ends a step before its jobs have: they are cancelled in chunks.
        if (openJobs(tallyOf(step)) > 0 || step.expanded === 0) this.#failJobs(step);
    }
  }

  /** A replayed job has succeeded: where no more have died than may, the step continues, and what was skipped waits again. */
  #reopenStep(step: StepRow): void {
    // What a person is cancelling isn't reopened by what happened to be under way.
    if (this.#run.cancel_requested === 1 || step.cascade === 'cancelling') return;
    const tally = tallyOf(step);
    const foreach = this.#definition(step.name)?.foreach;
    if (stepOutcome(tally, foreach, false) === 'failed') return;
    for (const job of this.#book.fact('activeJobs', step.id)) if (job.cancel_cause === 'sibling') this.#book.moveCancelCause(job, 'release');
    const hasCancelled = this.#book.fact('hasCancelledBySibling', step.id);

    this.#moveStep(step, 'reopen');
    if (hasCancelled) this.#moveCascade(step, 'reopen');
    else if (step.cascade !== null) this.#moveCascade(step, 'end');
    const reopened = this.#step(step.name);
    if (reopened.expanded === 0) this.#book.setFanOut(reopened, isHeld(reopened));
    if (!hasCancelled) this.#closeStep(reopened);

    const group = step.on_failure === 1 ? this.#workflow.onFailure : this.#workflow.steps;
    for (const name of dependentsOf(group, new Set([step.name]))) {
      const dependent = this.#step(name);
      if (dependent.state === 'skipped') this.#moveStep(dependent, 'reopen');
    }
    if (step.on_failure === 1) {
      if (this.#run.on_failure_state === 'ended') this.#moveOnFailure('reopen');
    } else if (this.#run.state === 'failed' && this.#mayGoOn()) this.#moveRun('reopen');
  }

  /** Whether the main steps end otherwise than before: a run that would fail again immediately isn't opened for that. */
  #mayGoOn(): boolean {
    return runOutcome(this.#statesOf(this.#workflow.steps).values()) !== 'failed';
  }

  #moveSteps(group: Readonly<Record<string, Step>>): void {
    for (;;) {
      const moves = planSteps(group, this.#statesOf(group), (step, status) => this.#evaluateIf(step, status));
      if (moves.length === 0) return;
      for (const move of moves) {
        const row = this.#step(move.id);
        switch (move.kind) {
          case 'start':
            this.#moveStep(row, 'start');
            this.#start(this.#step(move.id));
            break;
          case 'skip':
            this.#moveStep(row, 'skip');
            break;
          case 'fail':
            this.#moveStep(row, 'fail', move.error);
            break;
        }
      }
    }
  }

  #start(row: StepRow): void {
    const step = this.#definition(row.name);
    if (step === undefined) throw new Error(`the workflow ${this.#run.workflow} has no step ${row.name}`);
    const started = startStep(this.#book, row, step, this.#scope('success'), this.#now);
    if ('values' in started) this.#patchStep(row, started.values);
    else this.#moveStep(row, 'fail', started);
  }

  #evaluateIf(step: Step, status: PriorStatus): boolean | JobError {
    if (step.if === undefined) return true;
    const { if: condition } = step;
    const result = this.#book.evaluated(() => evaluateExpression(condition, this.#scope(status)));
    if (result.ok) return isTruthy(result.value);
    return jobError('invalid', '`if` failed', message("`if: {expression}` can't be decided: {problem}", { expression: step.if.source, problem: result.error.message }));
  }

  #scope(status: PriorStatus): Record<string, unknown> {
    const scope = scopeOf(this.#book.scopeFacts, this.#run, this.#steps.values(), this.#now);
    scope['$status'] = status;
    return scope;
  }

  #cancelWaiting(): void {
    for (const step of [...this.#steps.values()]) {
      if (step.state === 'waiting') this.#moveStep(step, 'cancel');
    }
  }

  #closeRun(): void {
    const outcome = runOutcome(this.#statesOf(this.#workflow.steps).values());
    switch (outcome) {
      case 'open':
        return;
      case 'succeeded':
        this.#succeedRun();
        break;
      case 'cancelled':
        this.#moveRun('cancel');
        return;
      case 'failed':
        this.#moveRun(this.#run.cancel_requested === 1 ? 'cancel' : 'fail');
    }
    // They start once, however often the run is reopened and fails again.
    if (this.#run.state === 'failed' && this.#run.on_failure_state === 'waiting' && Object.keys(this.#workflow.onFailure).length > 0) this.#moveOnFailure('start');
  }

  /** The one place where a step's state changes: in one patch with its times and its error. */
  #moveStep(step: StepRow, event: StepEvent, error?: JobError): void {
    const state = nextStepState(step.state, event);
    if (state === undefined) throw new Error(`the step ${step.name}, which is ${step.state}, can't ${event}`);
    const ended = isStepEnded(state);
    const row = this.#patchStep(step, {
      state,
      started_at: state === 'waiting' ? null : (step.started_at ?? (event === 'start' ? this.#now : null)),
      ended_at: ended ? this.#now : null,
      error: error === undefined ? null : JSON.stringify(error),
    });
    if (ended) this.#book.effects.setFanOut(step.id, undefined);
    if (ended && step.cascade === 'cancelling') this.#moveCascade(row, 'end');
  }

  #patchStep(step: StepRow, values: Partial<StepRow>): StepRow {
    const row = { ...this.#step(step.name), ...values };
    this.#steps.set(step.name, row);
    this.#book.patchStep(step.id, values);
    return row;
  }

  #moveCascade(step: StepRow, event: CascadeEvent): void {
    const row = this.#step(step.name);
    this.#steps.set(row.name, { ...row, cascade: this.#book.moveCascade(row, event) });
  }

  /** Cancels the jobs that are left of a step that has failed. What is under way may end by itself, but isn't tried again. */
  #failJobs(step: StepRow): void {
    this.#moveCascade(step, 'fail');
    for (const job of this.#book.fact('activeJobs', step.id)) this.#book.moveCancelCause(job, 'sibling_died');
  }

  /** A run whose outputs can't be computed has failed: whoever waits for them would continue with nothing. */
  #succeedRun(): void {
    const outputs = this.#book.evaluated(() => computeOutputs(this.#workflow, this.#scope('success')));
    if (typeof outputs === 'object' && outputs !== null) this.#moveRun('fail', { error: outputs });
    else this.#moveRun('succeed', { outputs });
  }

  /** The one place where a run's state changes. `outputs`: of one that succeeds, as JSON; `error`: why one fails of which no step has. */
  #moveRun(event: RunEvent, { outputs, error }: { readonly outputs?: string | null; readonly error?: JobError } = {}): void {
    const state: RunState | undefined = nextRunState(this.#run.state, event);
    if (state === undefined) throw new Error(`a run that is ${this.#run.state} can't ${event}`);
    if ((state === 'running') !== (this.#run.state === 'running')) this.#book.effects.countRun(state === 'running' ? 1 : -1);
    const failed = state === 'failed' ? [...this.#steps.values()].find((step) => step.state === 'failed' && step.on_failure === 0) : undefined;
    this.#patchRun({
      state,
      ended_at: state === 'running' ? null : this.#now,
      error: failed !== undefined ? JSON.stringify({ step: failed.name, ...toldOf(failed) } satisfies RunError) : error === undefined ? null : JSON.stringify(wordsOf(error) satisfies RunError),
      ...(outputs === undefined ? {} : { outputs }),
    });
    this.#book.effects.touchRun(this.#run.id);
    if (state !== 'running') this.#leaveGate();
    if (this.#run.parent_job === null) return;
    if (state === 'running') reopenRunWait(this.#book, this.#run, this.#now);
    else endRunWait(this.#book, this.#run, outputs ?? '{}', this.#now);
  }

  /** Others with its key may begin. */
  #leaveGate(): void {
    const { id, gate, workflow, concurrency_key: key } = this.#run;
    if (gate !== null) this.#run = { ...this.#run, gate: this.#book.moveGate({ id, gate }, 'open') };
    if (key !== null) openGates(this.#book, { workflow, key });
  }

  /** The one place where the state of a run's `on-failure` steps changes. */
  #moveOnFailure(event: OnFailureEvent): void {
    const state = nextOnFailure(this.#run.on_failure_state, event);
    if (state === undefined) throw new Error(`on-failure steps that are ${this.#run.on_failure_state} can't ${event}`);
    this.#patchRun({ on_failure_state: state });
  }

  /** A failed run whose `on-failure` steps were cancelled is one that a replay may reopen, as any other. */
  #endOnFailure(): void {
    this.#moveOnFailure('end');
    if (this.#run.state !== 'failed' || this.#run.cancel_requested === 0) return;
    this.#book.moveCancelRequest(this.#run, 'fulfil');
    this.#run = { ...this.#run, cancel_requested: 0 };
  }

  #patchRun({ outputs, ...values }: Partial<Omit<RunRow, 'gate' | 'cancel_requested'> & Pick<RunTexts, 'outputs'>>): void {
    this.#run = { ...this.#run, ...values };
    this.#book.patchRun(this.#run.id, { ...values, ...(outputs === undefined ? {} : { outputs }) });
  }

  #deathOf(step: StepRow): JobError {
    const first = JSON.parse(this.#book.fact('firstDeath', step.id) ?? 'null') as JobError | null;
    const error = first ?? jobError('internal', 'failed', message('A job of this step failed.'));
    if (step.is_foreach === 0) return error;
    const died = step.dead + step.discarded;
    return { ...error, ...told(message('{count, plural, one {{died} of # items failed; the first: {first}} other {{died} of # items failed; the first: {first}}}', { count: step.total, died, first: messageOfTold(error) })) };
  }

  #definition(name: string): Step | undefined {
    return this.#workflow.steps[name] ?? this.#workflow.onFailure[name];
  }

  #step(name: string): StepRow {
    const row = this.#steps.get(name);
    if (row === undefined) throw new Error(`the run ${this.#run.id} has no step ${name}`);
    return row;
  }

  #statesOf(group: Readonly<Record<string, Step>>): Map<string, StepState> {
    return new Map(Object.keys(group).map((name) => [name, this.#step(name).state]));
  }
}

function toldOf(step: StepRow): Told {
  return step.error === null ? told(message('The step {step} failed.', { step: step.name })) : wordsOf(JSON.parse(step.error) as JobError);
}

function wordsOf({ message: text, wording }: JobError): Told {
  return { message: text, ...(wording === undefined ? {} : { wording }) };
}
