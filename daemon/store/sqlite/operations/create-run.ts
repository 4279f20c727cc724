import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { Workflow } from '../../../../schemas/workflow/model.ts';
import type { CreateRunParams } from '../../store.ts';
import { advanceRuns } from '../run-advance.ts';
import type { WriteTransaction } from '../write-transaction.ts';

export function createRun(tx: WriteTransaction, params: CreateRunParams): { readonly runId: number } {
  const { state, db } = tx;
  db.sql('INSERT OR IGNORE INTO workflow_versions (version, workflow, text, created_at) VALUES (?, ?, ?, ?)').run(
    params.version,
    params.workflow,
    params.text,
    params.now,
  );
  const workflow = state.workflow(params.version);
  refuseWhereFull(tx, workflow);

  const runId = state.takeRunId();
  db.sql('INSERT INTO runs (id, workflow, version, state, created_at, inputs) VALUES (?, ?, ?, ?, ?, ?)').run(
    runId,
    params.workflow,
    params.version,
    'running',
    params.now,
    params.inputs,
  );
  state.runningRuns++;
  let position = 0;
  const insert = db.sql(
    'INSERT INTO steps (id, run_id, position, name, on_failure, state, queue_id, uses, is_foreach, item_limit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  for (const group of ['steps', 'onFailure'] as const) {
    for (const step of Object.values(workflow[group])) {
      const stepId = state.takeStepId();
      insert.run(
        stepId,
        runId,
        position++,
        step.id,
        group === 'onFailure' ? 1 : 0,
        'waiting',
        state.queueId(step.queue),
        step.uses,
        step.foreach === undefined ? 0 : 1,
        step.foreach === undefined || group === 'onFailure' ? null : (params.firstItems ?? null),
      );
      if (position === 1) tx.touchStep(stepId);
    }
  }
  // At once and not at the end of the batch, so that a claim in the same batch finds the run's first jobs.
  advanceRuns(tx, params.now);
  return { runId };
}

/** Backpressure where someone can feel it. A fan-out waits instead, and what a run goes on with is never refused. */
function refuseWhereFull({ state }: WriteTransaction, workflow: Workflow): void {
  for (const step of Object.values(workflow.steps)) {
    if (step.needs.length > 0 || step.foreach !== undefined) continue;
    const { maxDepth } = state.queueSettings(step.queue);
    const queueId = state.knownQueueId(step.queue);
    if (maxDepth === undefined || queueId === undefined) continue;
    const waiting = state.waiting(queueId);
    if (waiting >= maxDepth) {
      throw new CodedError('queue-full', `The queue ${step.queue} is full: ${waiting} jobs wait, and its max-depth is ${maxDepth}.`, {
        queue: step.queue,
        waiting,
        maxDepth,
      });
    }
  }
}
