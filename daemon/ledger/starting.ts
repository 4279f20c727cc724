import { CodedError } from '../../schemas/protocol/error.ts';
import { formatRunId } from '../../schemas/protocol/id.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import { jobError } from '../core/job-error.ts';
import { message, verbatim } from '../../schemas/wording/message.ts';
import { stateMessage } from '../../schemas/wording/state.ts';
import { queueDefaults, type Step, type Workflow } from '../../schemas/workflow/model.ts';
import { ExpressionFault } from '../../schemas/workflow/expression/fault.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import { renderTemplate, type SecretUse } from '../../schemas/workflow/template.ts';
import { renderFailure, renderFile } from '../core/foreach-items.ts';
import { manualTrigger, type MutableScope, computeVars, concurrencyKey } from '../core/run-scope.ts';
import type { Book, NewJob } from './book.ts';
import type { CreateRunParams, NewTrigger } from './call.ts';
import type { Tables } from './change.ts';
import type { StepRow } from './row.ts';
import { mustWait } from './run-gate.ts';
import { runValueOf } from './scope.ts';

export function createRun(book: Book, params: CreateRunParams): { readonly runId: number; readonly existed?: true } {
  const { workflow: name, version, text, inputs, firstItems, trigger, key, parent, now } = params;
  const startKey = key === undefined ? undefined : JSON.stringify([name, key]);
  if (startKey !== undefined && book.calls.keys.has(startKey)) book.calls.putOff();
  const earlier = startKey === undefined ? undefined : book.fact('runWithKey', startKey);
  if (earlier !== undefined) return { runId: earlier, existed: true };
  book.calls.weigh(inputs.length + (trigger?.value.length ?? 0));
  const workflow = book.workflow(version, { workflow: name, text });
  const steps = [...Object.values(workflow.steps).map((step) => ({ step, isMain: true })), ...Object.values(workflow.onFailure).map((step) => ({ step, isMain: false }))];
  book.need('queueId', steps.map(({ step }) => step.queue));
  const full = fullQueue(book, workflow);
  if (full !== undefined) throw full;

  const runId = book.takeId('runs');
  const start = startOf(book, workflow, params, runId);
  // What one before it begins with may be cancelled for it.
  if (start.key !== undefined && book.newRuns.some((run) => run.workflow === name && run.concurrency_key === start.key)) book.calls.putOff();
  const gate = start.key !== undefined && workflow.concurrency !== undefined && mustWait(book, { workflow: name, key: start.key }, workflow.concurrency);

  if (startKey !== undefined) book.calls.keys.add(startKey);
  if (!book.calls.versions.has(version)) book.insert('workflow_versions', { version, workflow: name, text, created_at: now }, 'keep');
  book.calls.versions.add(version);
  book.addRun({
    id: runId,
    workflow: name,
    version,
    state: 'running',
    cancel_requested: 0,
    concurrency_key: start.key ?? null,
    gate: null,
    created_at: now,
    inputs,
    ...triggerColumns(trigger),
    ...(key === undefined ? {} : { run_key: key }),
    ...(parent === undefined ? {} : { parent_job: parent.jobId, parent_run: parent.runId, depth: parent.depth }),
    ...(start.vars === null ? {} : { vars: start.vars }),
  });
  if (gate) book.moveGate({ id: runId, gate: null }, 'close');
  book.effects.countRun(1);
  for (const [position, { step, isMain }] of steps.entries()) {
    const id = book.takeId('steps');
    const queueId = book.fact('queueId', step.queue);
    book.insert('steps', {
      id,
      run_id: runId,
      position,
      name: step.id,
      on_failure: isMain ? 0 : 1,
      state: 'waiting',
      queue_id: queueId,
      uses: step.uses,
      is_foreach: step.foreach === undefined ? 0 : 1,
      item_limit: step.foreach === undefined || !isMain ? null : (firstItems ?? null),
      ...(step.paginate === undefined ? {} : { pages: 'open' as const }),
    });
    if (position === 0) book.effects.touchStep(id, runId);
    if (isMain && !gate && beginsWithJob(step)) book.calls.startIn(queueId);
  }
  return { runId };
}

function triggerColumns(trigger: NewTrigger | undefined): Partial<Tables['runs']> {
  if (trigger === undefined) return {};
  const { kind, ...rest } = trigger.shown;
  return { trigger_kind: kind, triggered_by: JSON.stringify(rest), trigger_value: trigger.value };
}

/** What the run computes once, before it begins. */
function startOf(book: Book, workflow: Workflow, { inputs, trigger, now }: CreateRunParams, runId: number): { readonly vars: string | null; readonly key: string | undefined } {
  if (workflow.concurrency === undefined && Object.keys(workflow.vars).length === 0) return { vars: null, key: undefined };
  const source = { run: runValueOf({ id: runId, workflow: workflow.id, created_at: now, error: null }), env: book.env, now, inputs: () => JSON.parse(inputs) as Json, trigger: () => (trigger === undefined ? manualTrigger(now) : (JSON.parse(trigger.value) as Json)) };
  const vars = computeVars(workflow, source);
  return { vars: JSON.stringify(vars), key: concurrencyKey(workflow, source, vars) };
}

/** Which queue a run can't start for. Backpressure where someone can feel it. A fan-out waits instead, and what a run continues with is never refused. */
export function fullQueue(book: Book, workflow: Workflow): CodedError | undefined {
  for (const step of Object.values(workflow.steps)) {
    if (!beginsWithJob(step)) continue;
    const queueId = book.fact('queueId', step.queue);
    const { maxDepth } = book.fact('queue', queueId).definition;
    if (maxDepth === undefined) continue;
    const coming = book.calls.startsIn(queueId);
    const waiting = book.waiting(queueId) + coming;
    // Whether they come is known when they are written: one that is skipped leaves its place.
    if (coming > 0 && waiting >= maxDepth) book.calls.putOff();
    if (waiting >= maxDepth) {
      return new CodedError('queue-full', message('{count, plural, one {The queue {queue} is full: # job waits, and its max-depth is {maxDepth}.} other {The queue {queue} is full: # jobs wait, and its max-depth is {maxDepth}.}}', { queue: step.queue, count: waiting, maxDepth }), { queue: step.queue, waiting, maxDepth });
    }
  }
  return undefined;
}

function beginsWithJob({ needs, foreach }: Step): boolean {
  return needs.length === 0 && foreach === undefined;
}

/** The limit on the items of a run is lifted: fan-outs continue where they stopped, so that no item and no key comes twice. */
export function continueRun(book: Book, { runId }: { readonly runId: number }): object {
  const facts = book.fact('run', runId);
  const id = formatRunId(runId);
  if (facts === undefined) throw new CodedError('not-found', message('There is no run {run}.', { run: id }));
  const { run, steps } = facts;
  if (run.state !== 'running') throw new CodedError('wrong-state', message('The run {run} has ended ({state}), so there is nothing to continue.', { run: id, state: stateMessage(run.state) }));
  if (run.cancel_requested === 1) throw new CodedError('wrong-state', message('The run {run} is being cancelled, so there is nothing to continue.', { run: id }));
  const limited = steps.filter(({ item_limit: limit }) => limit !== null);
  if (limited.length === 0) throw new CodedError('wrong-state', message('The run {run} takes all of its items already.', { run: id }));
  book.need('fanOut', limited.map((step) => step.id));
  book.need('queue', limited.map((step) => step.queue_id));
  for (const step of limited) {
    book.patchStep(step.id, { item_limit: null });
    if (book.fact('fanOut', step.id) !== undefined) book.setFanOut(step, false);
  }
  book.effects.touchRun(runId);
  return {};
}

/**
 * Makes the job of a step that starts, or gets its fan-out going. `values`: what its row takes; or why the step can't start, in that case without
 * a job that a person could mend.
 */
export function startStep(book: Book, row: StepRow, step: Step, scope: MutableScope, now: number): { readonly values: Partial<StepRow> } | JobError {
  if (step.foreach === undefined) {
    scope['job'] = {};
    // The first page, if it has pages. Each further one is made with the end of the one before, so that no moment has none that is open.
    book.addJob(renderJob(book, row, step, scope, { now, item: null, index: step.paginate === undefined ? null : 0, key: null }));
    return { values: { expanded: 1 } };
  }
  if (step.foreach.source.kind !== 'file') {
    book.setFanOut({ ...row, cursor: 0, file: null, file_format: null }, false);
    return { values: {} };
  }
  const file = renderFile(step.foreach.source.file, scope);
  if (typeof file === 'object') return file;
  const { csv } = step.foreach.source;
  const file_format = csv === undefined ? null : JSON.stringify({ csv });
  book.setFanOut({ ...row, cursor: 0, file, file_format }, false);
  return { values: { file, file_format } };
}

/** Of the jobs of a step. */
export function priorityOf(book: Book, row: Pick<StepRow, 'queue_id'>, step: Step): number {
  return step.priority ?? book.fact('queue', row.queue_id).definition.priority ?? queueDefaults.priority;
}

/** A job with its payload; where that can't be rendered, a dead letter that says why, to be fixed by hand. */
export function renderJob(book: Book, row: StepRow, step: Step, scope: MutableScope, { now, item, index, key }: Pick<NewJob, 'now' | 'item' | 'index' | 'key'>): NewJob {
  const priority = priorityOf(book, row, step);
  book.beginReading();
  const rendered = renderTemplate(step.with, scope);
  const payload = rendered.ok ? orTooLarge(() => JSON.stringify(rendered.rendered.value)) : renderFailure(rendered.error);
  const error = typeof payload === 'object' ? payload : undefined;
  return {
    step: row,
    uses: step.uses,
    priority,
    now,
    payload: typeof payload === 'object' ? '{}' : payload,
    ...(rendered.ok && rendered.rendered.secrets.length > 0 ? filledLater(rendered.rendered.secrets) : { secrets: null }),
    item,
    index,
    key,
    connection: step.connection,
    ...(error === undefined ? {} : { error }),
  };
}

/** What is filled in when an attempt starts. */
function filledLater(secrets: readonly SecretUse[]): Pick<NewJob, 'secrets' | 'links'> {
  const links = new Set(secrets.flatMap(({ parts }) => parts.flatMap((part) => (typeof part === 'object' && 'signal' in part ? [part.signal] : []))));
  return { secrets: JSON.stringify(secrets), ...(links.size === 0 ? {} : { links: [...links] }) };
}

/** Values that expressions gave may share large outputs with the results of steps. They are read when JSON is made of them, which can be too much. */
export function orTooLarge<Value>(make: () => Value): Value | JobError {
  try {
    return make();
  } catch (error) {
    if (error instanceof ExpressionFault) return jobError('invalid', 'expression failed', verbatim(error.toError('').message));
    throw error;
  }
}
