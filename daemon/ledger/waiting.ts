import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId, formatRunId } from '../../schemas/protocol/id.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';
import { message, sentences, type Message } from '../../schemas/wording/message.ts';
import { stateMessage } from '../../schemas/wording/state.ts';
import { messageOfTold } from '../../schemas/wording/told.ts';
import { deadGroupOf } from '../core/failure-group.ts';
import { jobError } from '../core/job-error.ts';
import { recordAttempt } from './attempt-record.ts';
import type { Book } from './book.ts';
import type { CreateRunParams, NewTrigger, SettleParams, SignalParams, Wait } from './call.ts';
import { isCancelling } from './cancelling.ts';
import { expectedSignals, isUnderWay } from './expected-signals.ts';
import { never, type LedgerJob, type RunError, type RunRow } from './row.ts';
import { isExpected, linkStanding } from './signal-link.ts';
import type { RunFacts } from './snapshot.ts';
import { createRun, fullQueue } from './starting.ts';

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
  // No count of its step moves by it, and who looks at the run sees that it waits.
  book.effects.touchRun(runId);
}

function beginRun(book: Book, job: LedgerJob, params: SettleParams, { run, detached }: Extract<Wait, { for: 'run' }>): void {
  const { endedAt: now } = params;
  const runId = book.runOf(job.step_id);
  const depth = (book.fact('run', runId)?.run.depth ?? 0) + 1;
  if (depth > maxRunDepth) {
    dieActive(book, job, params, jobError('invalid', 'nested too deeply', message('Runs start runs {max} deep here, and no deeper. Does a workflow start itself?', { max: maxRunDepth })));
    return;
  }
  const full = fullQueue(book, book.workflow(run.version, run));
  if (full !== undefined) {
    const error = jobError('status', 'queue full', message("The run of {workflow} can't be started yet: {problem}", { workflow: run.workflow, problem: full.told }));
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
    return jobError('invalid', error.code === 'run-skipped' ? 'run skipped' : 'invalid inputs', message('The run of {workflow} was not started: {problem}', { workflow: params.workflow, problem: error.told }));
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
  const until = new Date(now).toISOString();
  const since = startedAt === null ? undefined : new Date(startedAt).toISOString();
  const wording =
    since === undefined
      ? message("Nobody answered '{name}' in time: it was waited for, until {until}.", { name, until })
      : message("Nobody answered '{name}' in time: it was waited for since {since}, until {until}.", { name, since, until });
  return jobError('timeout', 'no answer', wording);
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
export function signal(book: Book, params: SignalParams): { readonly ended: readonly number[] } {
  const { runId, name, payload, by, now } = params;
  const facts = book.fact('run', runId);
  const id = formatRunId(runId);
  if (facts === undefined) throw new CodedError('not-found', message('There is no run {run}.', { run: id }));
  const answer = book.fact('signal', signalKey(runId, name));
  if (answer !== undefined) {
    const at = new Date(answer.answered_at).toISOString();
    throw new CodedError('wrong-state', message("'{name}' of {run} was answered already, by {by} at {at}.", { name, run: id, by: answer.answered_by, at }), { answeredBy: answer.answered_by, answeredAt: at });
  }
  const waiting = book.fact('waitingFor', signalKey(runId, name), { limit: maxAnswered });
  refuseUselessLink(book, params, facts, waiting);
  if (waiting.length === 0) refuseUnlessExpected(book, facts, name);
  book.need('stepInfo', waiting.map(({ step_id }) => step_id));
  book.insert('signals', { run_id: runId, name, payload, answered_by: by, answered_at: now });
  const response = JSON.stringify({ by, at: new Date(now).toISOString() });
  for (const job of waiting) endWait(book, job, { now, output: answerOutput(payload, by, now), response });
  book.effects.touchRun(runId);
  return { ended: waiting.map(({ id: jobId }) => jobId) };
}

/** Who answers by a link may do so while the link holds, whatever was shown of it before. */
function refuseUselessLink(book: Book, { runId, name, link: hash, now }: SignalParams, facts: RunFacts, waiting: readonly LedgerJob[]): void {
  if (hash === undefined) return;
  const link = book.fact('signalLink', hash);
  if (link?.run_id !== runId || link.name !== name) throw new CodedError('not-found', message('There is no such link to answer {run}.', { run: formatRunId(runId) }));
  const situation = { madeAt: link.made_at, isAnswered: false, waits: waiting.map(({ due_at }) => due_at), isExpected: isExpected(facts, book.workflow(facts.run.version), name) };
  if (linkStanding(situation, now) !== 'open') throw new CodedError('wrong-state', message("The link to answer '{name}' of {run} no longer holds.", { name, run: formatRunId(runId) }));
}

/** A callback may be faster than the step that waits for it, so an answer may come early; but only to a name that something is going to wait for. */
function refuseUnlessExpected(book: Book, facts: RunFacts, name: string): void {
  const { run } = facts;
  const id = formatRunId(run.id);
  const known = expectedSignals(facts, book.workflow(run.version));
  if (!isUnderWay(run)) throw new CodedError('wrong-state', message("The run {run} has ended ({state}), so nothing waits for '{name}'.", { run: id, state: stateMessage(run.state), name }));
  if (known === undefined || known.includes(name)) return;
  const nearest = nearestName(name, known);
  const told = message("No step of {run} waits for '{name}', or is going to.", { run: id, name });
  throw new CodedError('not-found', nearest === undefined ? told : sentences(told, message("Did you mean '{nearest}'?", { nearest })), { names: known });
}

/** Ends the wait of the job that made a run, when that run has ended. `output`: JSON. */
export function endRunWait(book: Book, run: RunRow, output: string, now: number): void {
  const job = waiterOf(book, run);
  if (job?.state !== 'waiting') return;
  const id = formatRunId(run.id);
  const response = JSON.stringify({ run: id });
  if (run.state === 'succeeded') endWait(book, job, { now, output, response });
  else if (run.state === 'cancelled') failWait(book, job, now, jobError('cancelled', 'run cancelled', message('The run {run} of {workflow}, which this job waited for, was cancelled.', { run: id, workflow: run.workflow })));
  else failWait(book, job, now, jobError('run', 'run failed', failureOf(run)));
}

function failureOf({ id, workflow, error }: RunRow): Message {
  const run = { run: formatRunId(id), workflow };
  if (error === null) return message('The run {run} of {workflow} failed.', run);
  const { step, ...why } = JSON.parse(error) as RunError;
  const problem = messageOfTold(why);
  return step === undefined ? message('The run {run} of {workflow} failed: {problem}', { ...run, problem }) : message('The run {run} of {workflow} failed at its step {step}: {problem}', { ...run, step, problem });
}

/** A replay has reopened a run whose failure made a dead letter of the job that waited for it: that job waits for it again, in a new round. */
export function reopenRunWait(book: Book, run: RunRow, now: number): void {
  const job = waiterOf(book, run);
  if (job?.state !== 'dead' || isCancelling(book.fact('cascade', job.step_id))) return;
  book.patchWait(job.id, { attempt: job.attempt + 1 });
  book.move(job, 'wait_again', { attempt: job.attempt + 1, round: job.round + 1, tries: 0, throttles: 0, crashes: 0, due_at: never, started_at: now, ended_at: null });
  book.effects.touchRun(book.runOf(job.step_id));
}

/** By the numbers of dead letters: the run that each has last waited for. A replay within that run continues the job. */
export function failedChildren(book: Book, dead: readonly LedgerJob[]): ReadonlyMap<number, number> {
  book.need('stepInfo', dead.map(({ step_id }) => step_id));
  const starters = dead.filter(({ step_id }) => book.fact('stepInfo', step_id).uses === 'workflow/run');
  book.need('wait', starters.map(({ id }) => id));
  return new Map(starters.flatMap(({ id }) => {
    const wait = book.wait(id);
    return wait?.kind === 'run' && wait.child_id !== null ? [[id, wait.child_id] as const] : [];
  }));
}

/** The job that has last waited for this run, if it has waited for no other since. */
function waiterOf(book: Book, run: RunRow): LedgerJob | undefined {
  if (run.parent_job === null) return undefined;
  const job = book.job(run.parent_job);
  if (job === undefined) return undefined;
  book.need('stepInfo', [job.step_id]);
  const wait = book.wait(job.id);
  return wait?.kind === 'run' && wait.child_id === run.id ? job : undefined;
}

export function isWaitForTime(book: Book, { id, state }: LedgerJob): boolean {
  return state === 'waiting' && book.wait(id)?.kind === 'time';
}
