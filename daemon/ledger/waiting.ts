import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId, formatRunId, isStepEnded } from '../../schemas/protocol/id.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';
import type { Step } from '../../schemas/workflow/model.ts';
import { message, sentences } from '../../schemas/wording/message.ts';
import { stateMessage } from '../../schemas/wording/state.ts';
import { deadGroupOf } from '../core/failure-group.ts';
import { recordAttempt } from './attempt-record.ts';
import type { Book } from './book.ts';
import type { CreateRunParams, NewTrigger, SettleParams, SignalParams, Wait } from './call.ts';
import { isCancelling } from './cancelling.ts';
import type { LedgerJob, RunRow } from './row.ts';
import type { RunFacts } from './snapshot.ts';
import { createRun, fullQueue } from './starting.ts';

/** When a wait ends by itself that has no end: the last instant of the year 9999. A shift of the wall clock leaves it. */
export const never = 253_402_300_799_999;

/** A run may stand below so many others. */
export const maxRunDepth = 16;

/** How long a job waits before it tries again to make a run whose first queue is full, in milliseconds. */
const fullRetryMs = 5000;

/** Jobs that one answer ends, at most. */
export const maxAnswered = 10_000;

type WaitParams = SettleParams & { readonly outcome: { readonly kind: 'wait'; readonly wait: Wait } };

function isWait(params: SettleParams): params is WaitParams {
  return params.outcome.kind === 'wait';
}

/** Asks for what the waits among these outcomes need, together. */
export function needForWaits(book: Book, outcomes: readonly SettleParams[]): void {
  const waits = outcomes.filter(isWait);
  if (waits.length === 0) return;
  const stepIds = waits.flatMap(({ jobId }) => book.job(jobId)?.step_id ?? []);
  book.need('stepInfo', stepIds);
  for (const { jobId, outcome } of waits) {
    const job = book.job(jobId);
    if (job === undefined) continue;
    if (outcome.wait.for === 'signal') book.ask('signal', signalKey(book.runOf(job.step_id), outcome.wait.name));
    else if (outcome.wait.for === 'run') book.ask('run', book.runOf(job.step_id));
  }
  book.throwIfMissing();
}

/**
 * An attempt that has nothing to do until something comes: its job leaves its place in the queue. The attempt is recorded when the wait ends. A wait whose
 * answer is there already ends at once; a run is made here, in the transaction of the outcome, so that no crash makes two of them.
 */
export function beginWait(book: Book, job: LedgerJob, params: SettleParams, wait: Wait): void {
  const runId = book.runOf(job.step_id);
  switch (wait.for) {
    case 'time':
      waitFor(book, job, { kind: 'time', until: wait.until, runId });
      return;
    case 'signal': {
      const answer = book.fact('signal', signalKey(runId, wait.name));
      if (answer !== undefined) succeedActive(book, job, params, answerOutput(answer.payload, answer.answered_by, answer.answered_at));
      else waitFor(book, job, { kind: 'signal', until: wait.until ?? never, runId, name: wait.name, onTimeout: wait.onTimeout });
      return;
    }
    case 'run':
      beginRun(book, job, params, wait);
  }
}

function waitFor(
  book: Book,
  job: LedgerJob,
  { kind, until, runId, name, onTimeout, childId }: { readonly kind: Wait['for']; readonly until: number; readonly runId: number; readonly name?: string; readonly onTimeout?: 'fail' | 'continue'; readonly childId?: number },
): void {
  book.insert('waits', { job_id: job.id, kind, attempt: job.attempt, run_id: runId, name: name ?? null, on_timeout: onTimeout ?? null, child_id: childId ?? null }, 'replace');
  book.move(job, 'wait', { due_at: Math.ceil(until) });
}

function beginRun(book: Book, job: LedgerJob, params: SettleParams, { run, detached }: Extract<Wait, { for: 'run' }>): void {
  const { endedAt: now } = params;
  const runId = book.runOf(job.step_id);
  const depth = (book.fact('run', runId)?.run.depth ?? 0) + 1;
  if (depth > maxRunDepth) {
    dieActive(book, job, params, { kind: 'invalid', cause: 'nested too deeply', message: `Runs start runs ${maxRunDepth} deep here, and no deeper. Does a workflow start itself?` });
    return;
  }
  const full = fullQueue(book, book.workflow(run.version, run));
  if (full !== undefined) {
    const error = { kind: 'status', cause: 'queue full', message: `The run of ${run.workflow} can't be started yet: ${full.message}` };
    recordAttempt(book, job, params, 'throttled', null, error);
    book.move(job, 'retry', { due_at: now + fullRetryMs, throttles: job.throttles + 1, started_at: null, error: JSON.stringify(error) });
    return;
  }
  const childId = childOf(book, { ...run, now, trigger: triggerOf(job, runId, now), parent: { jobId: job.id, runId, depth } });
  if (typeof childId === 'object') {
    dieActive(book, job, params, childId);
    return;
  }
  if (detached) succeedActive(book, job, params, JSON.stringify({ run: formatRunId(childId) }));
  else waitFor(book, job, { kind: 'run', until: never, runId, childId });
}

/** The number of the run that is made, or why its workflow refuses to start it. */
function childOf(book: Book, params: CreateRunParams): number | JobError {
  try {
    return createRun(book, params).runId;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { kind: 'invalid', cause: error.code === 'run-skipped' ? 'run skipped' : 'invalid inputs', message: `The run of ${params.workflow} was not started: ${error.message}` };
  }
}

/** What started a run that a step has started. */
function triggerOf({ id }: LedgerJob, runId: number, now: number): NewTrigger {
  const run = formatRunId(runId);
  return { shown: { kind: 'workflow', run, job: formatJobId(id) }, value: JSON.stringify({ kind: 'workflow', id: run, at: new Date(now).toISOString() }) };
}

function succeedActive(book: Book, job: LedgerJob, params: SettleParams, output: string): void {
  recordAttempt(book, job, params, 'succeeded', output, undefined);
  book.move(job, 'succeed', { tries: job.tries + 1, ended_at: params.endedAt });
}

function dieActive(book: Book, job: LedgerJob, params: SettleParams, error: JobError): void {
  recordAttempt(book, job, params, 'failed', null, error);
  book.move(job, 'die', { tries: job.tries + 1, ended_at: params.endedAt, error: JSON.stringify(error), failure_group: groupOf(book, job, error) });
}

function groupOf(book: Book, job: LedgerJob, error: JobError): string {
  return deadGroupOf(book.fact('stepInfo', job.step_id).uses, error, undefined);
}

function endWait(book: Book, job: LedgerJob, { now, output, response }: { readonly now: number; readonly output: string; readonly response?: string }): void {
  recordAttempt(book, job, { endedAt: now, ...(response === undefined ? {} : { response }) }, 'succeeded', output, undefined);
  book.move(job, 'end_wait', { tries: job.tries + 1, due_at: now, ended_at: now });
}

function failWait(book: Book, job: LedgerJob, now: number, error: JobError): void {
  recordAttempt(book, job, { endedAt: now }, 'failed', null, error);
  book.move(job, 'fail_wait', { tries: job.tries + 1, due_at: now, ended_at: now, error: JSON.stringify(error), failure_group: groupOf(book, job, error) });
}

/** Waits whose time has come. */
export function endDueWaits(book: Book, jobs: readonly LedgerJob[], now: number): void {
  book.need('wait', jobs.map(({ id }) => id));
  book.need('stepInfo', jobs.map(({ step_id }) => step_id));
  for (const job of jobs) {
    const wait = book.wait(job.id);
    if (wait?.kind === 'signal' && wait.on_timeout === 'fail') failWait(book, job, now, tooLate(wait.name ?? '', job, now));
    else if (wait?.kind === 'signal') endWait(book, job, { now, output: answerOutput('null', null, null) });
    else endWait(book, job, { now, output: '{}' });
  }
}

function tooLate(name: string, { started_at: startedAt }: LedgerJob, now: number): JobError {
  const since = startedAt === null ? '' : ` since ${new Date(startedAt).toISOString()}`;
  return { kind: 'timeout', cause: 'no answer', message: `Nobody answered '${name}' in time: it was waited for${since}, until ${new Date(now).toISOString()}.` };
}

/** What a step that waited for an answer gives. */
function answerOutput(payload: string, by: string | null, at: number | null): string {
  return `{"payload":${payload},"by":${JSON.stringify(by)},"at":${JSON.stringify(at === null ? null : new Date(at).toISOString())}}`;
}

/** What the fact `signal`, and those who wait for it, are found by. */
export function signalKey(runId: number, name: string): string {
  return JSON.stringify([runId, name]);
}

/**
 * An answer to a run. Of each name there is one: whatever waits for it continues, and so does what comes to wait for it later. A second one is told that
 * the first has come, by whom and when.
 */
export function signal(book: Book, { runId, name, payload, by, now }: SignalParams): { readonly ended: readonly number[] } {
  const facts = book.fact('run', runId);
  const id = formatRunId(runId);
  if (facts === undefined) throw new CodedError('not-found', message('There is no run {run}.', { run: id }));
  const answer = book.fact('signal', signalKey(runId, name));
  if (answer !== undefined) {
    const at = new Date(answer.answered_at).toISOString();
    throw new CodedError('wrong-state', message("'{name}' of {run} was answered already, by {by} at {at}.", { name, run: id, by: answer.answered_by, at }), { answeredBy: answer.answered_by, answeredAt: at });
  }
  const waiting = book.fact('waitingFor', signalKey(runId, name), { limit: maxAnswered });
  if (waiting.length === 0) refuseUnlessExpected(book, facts, name);
  book.need('stepInfo', waiting.map(({ step_id }) => step_id));
  book.insert('signals', { run_id: runId, name, payload, answered_by: by, answered_at: now });
  const response = JSON.stringify({ by, at: new Date(now).toISOString() });
  for (const job of waiting) endWait(book, job, { now, output: answerOutput(payload, by, now), response });
  book.effects.touchRun(runId);
  return { ended: waiting.map(({ id: jobId }) => jobId) };
}

/** A callback may be faster than the step that waits for it, so an answer may come early; but only to a name that something is going to wait for. */
function refuseUnlessExpected(book: Book, { run, steps }: RunFacts, name: string): void {
  const id = formatRunId(run.id);
  const isOpen = run.state === 'running' || run.on_failure_state === 'running';
  const workflow = book.workflow(run.version);
  const rows = steps.filter(({ uses, state }) => uses === 'wait/signal' && (!isStepEnded(state) || !isOpen));
  const names = rows.map(({ name: step }) => literalName(workflow.steps[step] ?? workflow.onFailure[step]));
  if (!isOpen) throw new CodedError('wrong-state', message("The run {run} has ended ({state}), so nothing waits for '{name}'.", { run: id, state: stateMessage(run.state), name }));
  if (names.includes(undefined) || names.includes(name)) return;
  const known = names.filter((one) => one !== undefined);
  const nearest = nearestName(name, known);
  const told = message("No step of {run} waits for '{name}', or is going to.", { run: id, name });
  throw new CodedError('not-found', nearest === undefined ? told : sentences(told, message("Did you mean '{nearest}'?", { nearest })), { names: known });
}

/** The signal's name; undefined if an expression gives it. */
function literalName(step: Step | undefined): string | undefined {
  const template = step?.with;
  const name = template?.kind === 'map' ? template.entries.find(([key]) => key === 'name')?.[1] : template;
  if (name?.kind !== 'literal') return undefined;
  const value = isJsonObject(name.value) ? name.value['name'] : name.value;
  return typeof value === 'string' ? value : undefined;
}

/** Ends the wait of the job that made a run, when that run has ended. `output`: JSON. */
export function endRunWait(book: Book, run: RunRow, output: string, now: number): void {
  const job = waiterOf(book, run);
  if (job?.state !== 'waiting') return;
  const id = formatRunId(run.id);
  const response = JSON.stringify({ run: id });
  if (run.state === 'succeeded') endWait(book, job, { now, output, response });
  else if (run.state === 'cancelled') failWait(book, job, now, { kind: 'cancelled', cause: 'run cancelled', message: `The run ${id} of ${run.workflow}, which this job waited for, was cancelled.` });
  else failWait(book, job, now, { kind: 'run', cause: 'run failed', message: `The run ${id} of ${run.workflow} failed${failureOf(run)}` });
}

function failureOf({ error }: RunRow): string {
  const { step, message = '' } = JSON.parse(error ?? '{}') as { readonly step?: string; readonly message?: string };
  return `${step === undefined ? '' : ` at its step ${step}`}${message === '' ? '.' : `: ${message}`}`;
}

/** A replay has reopened a run whose failure made a dead letter of the job that waited for it: that job waits for it again, in a new round. */
export function reopenRunWait(book: Book, run: RunRow, now: number): void {
  const job = waiterOf(book, run);
  if (job?.state !== 'dead' || isCancelling(book.fact('cascade', job.step_id))) return;
  book.patchWait(job.id, { attempt: job.attempt + 1 });
  book.move(job, 'wait_again', { attempt: job.attempt + 1, round: job.round + 1, tries: 0, throttles: 0, crashes: 0, due_at: never, started_at: now, ended_at: null });
  book.effects.touchRun(book.runOf(job.step_id));
}

/** The job that has last waited for this run, if no later attempt of it has waited for another. */
function waiterOf(book: Book, run: RunRow): LedgerJob | undefined {
  if (run.parent_job === null) return undefined;
  const job = book.job(run.parent_job);
  if (job === undefined) return undefined;
  book.need('stepInfo', [job.step_id]);
  const wait = book.wait(job.id);
  return wait?.kind === 'run' && wait.child_id === run.id && wait.attempt === job.attempt ? job : undefined;
}

export function isWaitForTime(book: Book, { id, state }: LedgerJob): boolean {
  return state === 'waiting' && book.wait(id)?.kind === 'time';
}
