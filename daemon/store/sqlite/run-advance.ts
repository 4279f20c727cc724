import type { JobError } from '../../../schemas/protocol/shape.ts';
import { isStepEnded, type RunState, type StepState } from '../../../schemas/protocol/state.ts';
import { evaluateExpression, isTruthy } from '../../../schemas/workflow/expression.ts';
import type { Step, Workflow } from '../../../schemas/workflow/model.ts';
import { dependentsOf, planSteps, type PriorStatus } from '../../core/run-plan.ts';
import { nextRunState, nextStepState, type RunEvent, type StepEvent } from '../../core/state-machine.ts';
import { openJobs, runOutcome, stepOutcome, type StepTally } from '../../core/step-outcome.ts';
import { isHeld, runColumns, type RunRow, type StepRow } from './row.ts';
import { scopeOfRun } from './run-scope-source.ts';
import { startStep } from './start-step.ts';
import type { TallyChange, WriteTransaction } from './write-transaction.ts';

/**
 * Writes the counts of the steps that a transaction has touched, and moves their runs on, until nothing moves any more.
 *
 * Architecture invariant: no other place changes the state of a step or a run.
 */
export function advanceRuns(tx: WriteTransaction, now: number): void {
  for (let tallies = tx.takeTallies(); tallies.size > 0; tallies = tx.takeTallies()) {
    /** The runs to look at, with the steps of each in which a job has succeeded. */
    const runs = new Map<number, Set<string>>();
    for (const [stepId, change] of tallies) {
      const step = addTally(tx, stepId, change);
      if (step === undefined) continue;
      tx.touchRun(step.run_id);
      if (!mayMove(step, change)) continue;
      const progressed = runs.get(step.run_id) ?? new Set();
      if (change.succeeded > 0) progressed.add(step.name);
      runs.set(step.run_id, progressed);
    }
    for (const [runId, progressed] of runs) new RunAdvance(tx, runId, now).advance(progressed);
  }
}

export function tallyOf(step: StepRow): StepTally {
  return {
    total: step.total,
    succeeded: step.succeeded,
    dead: step.dead,
    cancelled: step.cancelled,
    discarded: step.discarded,
    expanded: step.expanded === 1,
  };
}

function addTally(tx: WriteTransaction, stepId: number, change: TallyChange): StepRow | undefined {
  return tx.db
    .sql(
      `UPDATE steps SET total = total + ?, succeeded = succeeded + ?, dead = dead + ?, cancelled = cancelled + ?, discarded = discarded + ?
       WHERE id = ? RETURNING *`,
    )
    .get(change.total, change.succeeded, change.dead, change.cancelled, change.discarded, stepId) as StepRow | undefined;
}

/** Most outcomes are one of many of their step, and move nothing. */
function mayMove(step: StepRow, change: TallyChange): boolean {
  if (openJobs(tallyOf(step)) === 0) return true;
  return change.dead > 0 || change.look || step.state !== 'running';
}

class RunAdvance {
  readonly #tx: WriteTransaction;
  readonly #now: number;
  #run: RunRow;
  readonly #workflow: Workflow;
  readonly #steps: Map<string, StepRow>;

  constructor(tx: WriteTransaction, runId: number, now: number) {
    this.#tx = tx;
    this.#now = now;
    this.#run = tx.db.sql(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(runId) as unknown as RunRow;
    this.#workflow = tx.state.workflow(this.#run.version);
    const rows = tx.db.sql('SELECT * FROM steps WHERE run_id = ? ORDER BY position').all(runId) as unknown as StepRow[];
    this.#steps = new Map(rows.map((row) => [row.name, row]));
  }

  advance(progressed: ReadonlySet<string>): void {
    for (const step of [...this.#steps.values()]) {
      if (step.state === 'running') this.#closeStep(step);
      else if (step.state === 'failed' && progressed.has(step.name)) this.#reopenStep(step);
    }
    if (this.#run.cancelling === 1) this.#cancelWaiting();
    if (this.#run.state === 'running') {
      this.#moveSteps(this.#workflow.steps);
      this.#closeRun();
    }
    if (this.#run.closing === 1) {
      this.#moveSteps(this.#workflow.onFailure);
      if ([...this.#statesOf(this.#workflow.onFailure).values()].every(isStepEnded)) this.#endClosing();
    }
  }

  #closeStep(step: StepRow): void {
    // Its cancelled jobs are still being taken up again.
    if (step.sweep === 'reopen') return;
    if (step.error !== null) {
      // Its items could not be read.
      this.#setStep(step, 'fail', JSON.parse(step.error) as JobError);
      if (openJobs(tallyOf(step)) > 0) this.#setSweep(step, 'fail');
      return;
    }
    const cancelling = this.#run.cancelling === 1 || step.sweep === 'cancel';
    const outcome = stepOutcome(tallyOf(step), this.#definition(step.name)?.foreach, cancelling);
    switch (outcome) {
      case 'open':
        return;
      case 'succeeded':
        this.#setStep(step, 'succeed');
        return;
      case 'cancelled':
        this.#setStep(step, 'cancel');
        return;
      case 'failed':
        this.#setStep(step, 'fail', this.#deathOf(step));
        // Only `on-item-failure: fail` ends a step before its jobs have: they are cancelled, bit by bit.
        if (openJobs(tallyOf(step)) > 0 || step.expanded === 0) this.#setSweep(step, 'fail');
    }
  }

  /** A replayed job has succeeded: where no more have died than may, the step goes on, and what was skipped waits again. */
  #reopenStep(step: StepRow): void {
    if (this.#run.cancelling === 1) return;
    const tally = tallyOf(step);
    const foreach = this.#definition(step.name)?.foreach;
    if (stepOutcome(tally, foreach, false) === 'failed') return;
    this.#tx.db.sql("UPDATE jobs INDEXED BY jobs_active SET swept = 0 WHERE state = 'active' AND step_id = ?").run(step.id);
    const swept = this.#tx.db.sql('SELECT 1 FROM jobs WHERE step_id = ? AND swept = 1 LIMIT 1').get(step.id) !== undefined;

    this.#setStep(step, 'reopen');
    if (swept) this.#setSweep(step, 'reopen');
    else if (step.sweep !== null) this.#setSweep(step, undefined);
    const reopened = this.#step(step.name);
    if (reopened.expanded === 0) this.#tx.state.setExpansion(reopened, isHeld(reopened));
    if (!swept) this.#closeStep(reopened);

    const group = step.on_failure === 1 ? this.#workflow.onFailure : this.#workflow.steps;
    for (const name of dependentsOf(group, new Set([step.name]))) {
      const dependent = this.#step(name);
      if (dependent.state === 'skipped') this.#setStep(dependent, 'reopen');
    }
    if (step.on_failure === 1) this.#setClosing(true);
    else if (this.#run.state === 'failed' && this.#mayGoOn()) this.#setRun('reopen');
  }

  /** Whether the main steps end otherwise than before: a run that would fail again at once isn't opened for that. */
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
            this.#setStep(row, 'start');
            this.#start(this.#step(move.id));
            break;
          case 'skip':
            this.#setStep(row, 'skip');
            break;
          case 'fail':
            this.#setStep(row, 'fail', move.error);
            break;
        }
      }
    }
  }

  #start(row: StepRow): void {
    const step = this.#definition(row.name);
    if (step === undefined) throw new Error(`the workflow ${this.#run.workflow} has no step ${row.name}`);
    const problem = startStep(this.#tx, row, step, this.#scope('success'), this.#now);
    if (problem !== undefined) this.#setStep(row, 'fail', problem);
  }

  #evaluateIf(step: Step, status: PriorStatus): boolean | JobError {
    if (step.if === undefined) return true;
    const result = evaluateExpression(step.if, this.#scope(status));
    if (result.ok) return isTruthy(result.value);
    return { kind: 'invalid', cause: '`if` failed', message: `\`if: ${step.if.source}\` can't be decided: ${result.error.message}` };
  }

  #scope(status: PriorStatus): Record<string, unknown> {
    const scope = scopeOfRun({ db: this.#tx.db, env: this.#tx.state.env }, this.#run, this.#steps, this.#now);
    scope['$status'] = status;
    return scope;
  }

  #cancelWaiting(): void {
    for (const step of [...this.#steps.values()]) {
      if (step.state === 'waiting') this.#setStep(step, 'cancel');
    }
  }

  #closeRun(): void {
    const outcome = runOutcome(this.#statesOf(this.#workflow.steps).values());
    switch (outcome) {
      case 'open':
        return;
      case 'succeeded':
        this.#setRun('succeed');
        return;
      case 'cancelled':
        this.#setRun('cancel');
        return;
      case 'failed':
        this.#setRun(this.#run.cancelling === 1 ? 'cancel' : 'fail');
    }
    if (this.#run.state !== 'failed' || this.#run.failed_before === 1) return;
    this.#tx.db.sql('UPDATE runs SET failed_before = 1 WHERE id = ?').run(this.#run.id);
    if (Object.keys(this.#workflow.onFailure).length > 0) this.#setClosing(true);
  }

  #setStep(step: StepRow, event: StepEvent, error?: JobError): void {
    const state = nextStepState(step.state, event);
    if (state === undefined) throw new Error(`the step ${step.name}, which is ${step.state}, can't ${event}`);
    const ended = isStepEnded(state);
    const row: StepRow = {
      ...step,
      state,
      started_at: state === 'waiting' ? null : (step.started_at ?? (event === 'start' ? this.#now : null)),
      ended_at: ended ? this.#now : null,
      error: error === undefined ? null : JSON.stringify(error),
    };
    this.#tx.db
      .sql('UPDATE steps SET state = ?, started_at = ?, ended_at = ?, error = ? WHERE id = ?')
      .run(row.state, row.started_at, row.ended_at, row.error, row.id);
    this.#steps.set(step.name, row);
    if (ended) this.#tx.state.endExpansion(step.id);
    if (ended && step.sweep === 'cancel') this.#setSweep(row, undefined);
  }

  #setSweep(step: StepRow, sweep: 'fail' | 'reopen' | undefined): void {
    const row = { ...this.#step(step.name), sweep: sweep ?? null };
    this.#tx.db.sql('UPDATE steps SET sweep = ? WHERE id = ?').run(row.sweep, row.id);
    this.#steps.set(step.name, row);
    if (sweep === undefined) this.#tx.state.sweeps.delete(step.id);
    else this.#tx.state.sweeps.set(step.id, { kind: sweep });
    if (sweep === 'fail') {
      // What is under way may end by itself, but isn't tried again.
      this.#tx.db.sql("UPDATE jobs INDEXED BY jobs_active SET swept = 1 WHERE state = 'active' AND step_id = ?").run(row.id);
    }
  }

  #setRun(event: RunEvent): void {
    const state: RunState | undefined = nextRunState(this.#run.state, event);
    if (state === undefined) throw new Error(`a run that is ${this.#run.state} can't ${event}`);
    this.#tx.state.runningRuns += (state === 'running' ? 1 : 0) - (this.#run.state === 'running' ? 1 : 0);
    const failed = state === 'failed' ? [...this.#steps.values()].find((step) => step.state === 'failed' && step.on_failure === 0) : undefined;
    this.#run = {
      ...this.#run,
      state,
      ended_at: state === 'running' ? null : this.#now,
      error: failed === undefined ? null : JSON.stringify({ step: failed.name, message: messageOf(failed) }),
    };
    this.#tx.db
      .sql('UPDATE runs SET state = ?, ended_at = ?, error = ? WHERE id = ?')
      .run(this.#run.state, this.#run.ended_at, this.#run.error, this.#run.id);
    this.#tx.touchRun(this.#run.id);
  }

  #setClosing(closing: boolean): void {
    this.#run = { ...this.#run, closing: closing ? 1 : 0 };
    this.#tx.db.sql('UPDATE runs SET closing = ? WHERE id = ?').run(this.#run.closing, this.#run.id);
  }

  /** A failed run whose `on-failure` was cancelled is one that a replay may reopen, as any other. */
  #endClosing(): void {
    this.#setClosing(false);
    if (this.#run.state !== 'failed' || this.#run.cancelling === 0) return;
    this.#run = { ...this.#run, cancelling: 0 };
    this.#tx.db.sql('UPDATE runs SET cancelling = 0 WHERE id = ?').run(this.#run.id);
  }

  #deathOf(step: StepRow): JobError {
    const { db } = this.#tx;
    const row =
      db.sql("SELECT error FROM jobs WHERE state = 'dead' AND queue_id = ? AND step_id = ? ORDER BY ended_at, id LIMIT 1").get(step.queue_id, step.id) ??
      // In another queue than the step by now: a cancelled job that was taken up again stays where it was when the others were moved.
      db.sql("SELECT error FROM jobs WHERE step_id = ? AND state = 'dead' ORDER BY ended_at, id LIMIT 1").get(step.id) ??
      db.sql("SELECT error FROM jobs WHERE step_id = ? AND state = 'discarded' ORDER BY ended_at, id LIMIT 1").get(step.id);
    const first = JSON.parse((row?.['error'] as string | null | undefined) ?? 'null') as JobError | null;
    const error = first ?? { kind: 'internal', cause: 'failed', message: 'A job of this step failed.' };
    if (step.is_foreach === 0) return error;
    const died = step.dead + step.discarded;
    return { ...error, message: `${died} of ${step.total} items failed; the first: ${error.message}` };
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

function messageOf(step: StepRow): string {
  return step.error === null ? `The step ${step.name} failed.` : (JSON.parse(step.error) as JobError).message;
}
