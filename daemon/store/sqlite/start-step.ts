import type { JobError } from '../../../schemas/protocol/shape.ts';
import { queueDefaults, type Step } from '../../../schemas/workflow/model.ts';
import { renderTemplate } from '../../../schemas/workflow/template.ts';
import { renderFailure, renderFile } from '../../core/foreach-items.ts';
import type { MutableScope } from '../../core/run-scope.ts';
import type { StepRow } from './row.ts';
import type { NewJob, WriteTransaction } from './write-transaction.ts';

/**
 * Makes the job of a step that has just started, or gets its fan-out going. Returns why the step can't start, where that
 * is so without a job that a person could mend.
 */
export function startStep(tx: WriteTransaction, row: StepRow, step: Step, scope: MutableScope, now: number): JobError | undefined {
  if (step.foreach === undefined) {
    tx.db.sql('UPDATE steps SET expanded = 1 WHERE id = ?').run(row.id);
    scope['job'] = {};
    tx.insertJob(renderJob(tx, row, step, scope, { now, item: null, index: null, key: null }));
    return undefined;
  }
  let file: string | null = null;
  if (step.foreach.source.kind === 'file') {
    const rendered = renderFile(step.foreach.source.file, scope);
    if (typeof rendered === 'object') return rendered;
    file = rendered;
    tx.db.sql('UPDATE steps SET file = ? WHERE id = ?').run(file, row.id);
  }
  tx.state.setExpansion({ ...row, cursor: 0, file }, false);
  return undefined;
}

/** A job with its payload; where that can't be rendered, a dead letter that says why, to be mended by hand. */
export function renderJob(
  tx: WriteTransaction,
  row: StepRow,
  step: Step,
  scope: MutableScope,
  { now, item, index, key }: Pick<NewJob, 'now' | 'item' | 'index' | 'key'>,
): NewJob {
  const rendered = renderTemplate(step.with, scope);
  const secrets = rendered.ok && rendered.rendered.secrets.length > 0 ? JSON.stringify(rendered.rendered.secrets) : null;
  return {
    stepId: row.id,
    queueId: row.queue_id,
    priority: step.priority ?? tx.state.queueSettings(tx.state.queueName(row.queue_id)).priority ?? queueDefaults.priority,
    now,
    payload: rendered.ok ? JSON.stringify(rendered.rendered.value) : '{}',
    secrets,
    item,
    index,
    key,
    ...(rendered.ok ? {} : { error: renderFailure(rendered.error) }),
  };
}
