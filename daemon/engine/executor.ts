import { message, verbatim } from '../../schemas/wording/message.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import { queueDefaults, type Step } from '../../schemas/workflow/model.ts';
import { invalidInput, type ActionSuccess, type Action, type ActionContext, type ActionFailure, type ActionResult } from '../actions/action.ts';
import { attemptVerdict } from '../core/attempt-verdict.ts';
import type { PagePlace } from '../core/next-request.ts';
import { MachineTroubleError } from '../core/machine-trouble.ts';
import { failPoint } from '../platform/fail-point.ts';
import type { Masker } from '../secrets/masker.ts';
import { idempotencyKey } from '../ledger/row.ts';
import type { AttemptOutcome, ClaimedJob, QueueHold, SettleParams, Store } from '../store/store.ts';
import { AttemptAnswers } from './attempt-answers.ts';
import { bugFailure, cutOff, givenUp, machineFailure, saysNothing, tooLate } from './attempt-failure.ts';
import { AttemptInputs, MissingSecretError, NoLinkError, WithheldError, type AttemptInputsOptions } from './attempt-inputs.ts';
import { AttemptSignal, type AbortReason, type AttemptStart } from './attempt-signal.ts';
import type { Clock } from '../core/clock.ts';
import { type MachineLoad, StallWatch } from './machine-load.ts';
import type { Lease } from './membership.ts';
import type { StepNeeds } from './step-needs.ts';
import type { OutcomeWriter } from './outcome-writer.ts';
import type { ConnectionTurns } from './queue/connection-turns.ts';
import type { QueueRunner } from './queue/queue-runner.ts';
import type { Slot } from './queue/attempt-pool.ts';
import type { WorkflowVersions } from './workflow-versions.ts';

/** How often attempts of a job that a stall may have cut off aren't charged. */
const maxUnchargedStalls = 10;
/** How often in a row a job may be too late for a start of a shared rate before that is a failure. */
const maxTooLate = 5;
/** Longest record of a request or response that is kept, in characters of JSON. */
const maxRecord = 65_536;
/** How soon it is looked at again whether the project's files say what jobs of a queue need, in milliseconds; sooner if they change. */
const withholdMs = 30_000;
/** So long after a look at the file of secrets what was read then is masked, and every secret that was filled in since. In milliseconds. */
const secretsLookMs = 50;
/** Longest warning of a success, in characters. */
const maxWarning = 1000;

export interface ExecutorOptions extends AttemptInputsOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly storeId: string;
  readonly store: Pick<Store, 'releaseMemory'>;
  readonly actions: { get(name: string): Action | undefined };
  readonly versions: WorkflowVersions;
  readonly outcomes: OutcomeWriter;
  readonly machine: MachineLoad;
  readonly lease: Lease;
  readonly needs: StepNeeds;
  readonly connections: Pick<ConnectionTurns, 'released'>;
  /** A bug in an action or in Sluice; the job is a dead letter, and the daemon continues. */
  readonly onBug: (error: unknown, job: ClaimedJob) => void;
}

interface Made {
  readonly step: Step | undefined;
  /** `not-started`: the job goes back as it was. */
  readonly result: ActionResult | 'given-up' | 'not-started';
  /** With `not-started`: what the project's files don't say, for which the whole queue waits. */
  readonly withheldBy?: string;
}

/**
 * Makes attempts. Each reads as a pipeline: the step, its input with secrets, the action, the verdict, the outcome.
 * The claim has put the attempt on disk before it comes here.
 */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #running = new Map<number, AttemptSignal>();
  readonly #stalls: StallWatch;
  readonly #inputs: AttemptInputs;
  readonly #answers: AttemptAnswers;
  /** A stall may have cut off an attempt. */
  readonly #stalled = new InARow();
  /** A job was too late for the start that it had. */
  readonly #tooLate = new InARow();
  #stopping = false;
  /** When the masker last looked at the file of secrets, in monotonic time. */
  #lookedAt = -Infinity;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#stalls = new StallWatch(options.clock);
    this.#inputs = new AttemptInputs(options);
    this.#answers = new AttemptAnswers({ clock: options.clock, store: options.store });
  }

  /** The machine has slept: connections may be gone. */
  slept(): void {
    this.#stalls.slept();
  }

  execute(job: ClaimedJob, queue: QueueRunner, slot: Slot): void {
    void this.#attempt(job, queue, slot).then(({ settled, onSettled }) => this.#options.outcomes.settle(settled, this.#answers.untilStored(job.jobId, slot, onSettled)));
  }

  /** A job that was claimed ahead goes back to its queue. */
  release({ jobId, attempt, connection }: ClaimedJob): void {
    const { outcomes, clock, connections } = this.#options;
    const place = connection === undefined ? undefined : { isFollowed: false, release: () => connections.released(connection.name) };
    outcomes.settle({ jobId, attempt, endedAt: clock.now(), outcome: { kind: 'returned' }, ...(connection?.start === undefined ? {} : { connected: true }) }, place);
  }

  /** Tells the attempt of that job to end, or not to start. False if none is under way. */
  abort(jobId: number, reason: AbortReason): boolean {
    const attempt = this.#running.get(jobId);
    attempt?.abort(reason);
    return attempt !== undefined;
  }

  /** Nothing is under way, and nothing begins. */
  stop(): void {
    this.#stalls.stop();
    this.#answers.stop();
  }

  /** From now on nothing begins, and what is under way is told to end. */
  stopAll(): void {
    this.#stopping = true;
    this.giveUpAll();
  }

  /** What is under way is told to end: it is another daemon's now. */
  giveUpAll(): void {
    for (const attempt of this.#running.values()) attempt.abort('stopped');
  }

  /** From now on nothing begins: what was claimed for a start that is yet to come goes back without an attempt. */
  refuse(): void {
    this.#stopping = true;
    for (const attempt of this.#running.values()) if (attempt.startedAt === undefined) attempt.abort('stopped');
  }

  /** Never rejects: whatever goes wrong, the slot becomes free and the job has an outcome. */
  async #attempt(job: ClaimedJob, queue: QueueRunner, slot: Slot): Promise<{ readonly settled: SettleParams; readonly onSettled?: (() => void) | undefined }> {
    const attempt = new AttemptSignal(this.#options.clock);
    // From the claim on, so that who cancels the job before its start reaches it.
    this.#running.set(job.jobId, attempt);
    this.#stalls.begin();
    if (this.#stopping) attempt.abort('stopped');
    const { step, result, withheldBy } = await this.#make(job, queue, slot, attempt);
    if (typeof result === 'object' && !result.ok && result.machine !== undefined) slot.putOff();
    // What a large answer takes is done in batches, with others' turns in between.
    if (this.#answers.has(job.jobId)) await nextTurn();
    // Unless the job was given up meanwhile, and came back.
    if (this.#running.get(job.jobId) === attempt) this.#running.delete(job.jobId);
    const cutOffByStall = this.#isCutOffByStall(job, result, attempt);
    this.#stalls.end();
    const began = { ...(attempt.startedAt === undefined ? {} : { startedAt: attempt.startedAt }), ...slot.taken, ...(slot.countedAgoMs === undefined ? {} : { countedAgoMs: slot.countedAgoMs }) };
    try {
      if (this.#isTooOftenLate(job, slot, result, attempt)) return { settled: { ...began, ...this.#settlement(job, queue, step, tooLate, undefined) } };
      if (cutOffByStall) return { settled: { ...began, jobId: job.jobId, attempt: job.attempt, endedAt: this.#options.clock.now(), outcome: { kind: 'interrupted' } } };
      const settled = { ...began, ...this.#settlement(job, queue, step, result, attempt.reason), ...(withheldBy === undefined ? {} : { hold: this.#withhold(job, queue, withheldBy) }) };
      return { settled, onSettled: typeof result === 'object' && result.ok ? result.onSettled : undefined };
    } catch (error) {
      // What came back can't be kept: nested so deeply that no JSON can be made of it, say.
      this.#options.onBug(error, job);
      return { settled: { ...began, ...this.#settlement(job, queue, step, bugFailure(error), undefined) } };
    }
  }

  /**
   * Whether an attempt failed, with no word from its receiver, because this process stood still: its time was up before it could look, or its connection is
   * gone. It isn't charged, as when a stop cuts it off; but not for ever, should a job be what keeps the process busy.
   */
  #isCutOffByStall({ jobId }: ClaimedJob, result: Made['result'], { reason, startedMonotonic }: AttemptSignal): boolean {
    const isSilent = result === 'given-up' || (typeof result === 'object' && !result.ok && saysNothing(result));
    const isCutOff = isSilent && (reason === undefined || reason === 'timeout') && this.#stalls.stalledSince(startedMonotonic);
    const count = this.#stalled.count(jobId, isCutOff);
    return count > 0 && count <= maxUnchargedStalls;
  }

  /** Whether it can't be made ready within the time that a start of a shared rate holds: it would go back, and be claimed again, for ever. */
  #isTooOftenLate({ jobId }: ClaimedJob, slot: Slot, result: Made['result'], { reason }: AttemptSignal): boolean {
    const isLate = slot.isTooLate && (result === 'not-started' || reason === 'withheld');
    if (this.#tooLate.count(jobId, isLate) <= maxTooLate) return false;
    this.#tooLate.forget(jobId);
    return true;
  }

  async #make(job: ClaimedJob, queue: QueueRunner, slot: Slot, attempt: AttemptSignal): Promise<Made> {
    let step: Step | undefined;
    try {
      step = this.#options.versions.known(job) ?? (await this.#options.versions.step(job));
      if (this.#isLacking(job, step, queue)) return { step, result: 'not-started' };
      if (slot.startInMs > 0) await attempt.wait(slot.startInMs);
      // Asked again, because the queue may have been paused or held back since the claim.
      if (attempt.reason !== undefined || queue.blocked || slot.isTooLate || !this.#options.lease.isCurrent) return { step, result: 'not-started' };
      const start = attempt.start();
      slot.started(start);
      failPoint('attempt-before-effect');
      const timeLimitMs = step.timeoutMs ?? this.#connectionTimeoutMs(step) ?? queue.definition.timeoutMs ?? queueDefaults.timeoutMs;
      const work = this.#act(job, step, queue, slot, attempt, { ...start, timeLimitMs });
      const result = await attempt.race(work, timeLimitMs);
      failPoint('attempt-after-effect');
      if (result === 'given-up') this.#awaitLate(work, job);
      return { step, result };
    } catch (error) {
      if (error instanceof MachineTroubleError) return { step, result: machineFailure(error) };
      if (error instanceof WithheldError) return { step, result: 'not-started', withheldBy: error.message };
      if (error instanceof NoLinkError) return { step, result: invalidInput('no link', verbatim(error.message)) };
      if (error instanceof MissingSecretError) {
        // It was there when the step was looked at.
        this.#options.needs.forget();
        return { step, result: step !== undefined && this.#isLacking(job, step, queue) ? 'not-started' : invalidInput('missing secret', verbatim(error.message)) };
      }
      // The workflow could not be read from the store just now.
      if (step === undefined && error instanceof CodedError && error.code === 'store-unavailable') return { step, result: 'not-started' };
      this.#options.onBug(error, job);
      return { step, result: bugFailure(error) };
    }
  }

  /** Whether this daemon can't make the attempt: then it leaves the jobs of the step to others, or for later. */
  #isLacking(job: ClaimedJob, step: Step, queue: QueueRunner): boolean {
    const { needs } = this.#options;
    const lack = needs.lackOf(step);
    if (lack === undefined) return false;
    if (queue.pass({ version: job.version, step: job.step, jobId: job.jobId, lack })) needs.tell(queue.name, job, lack);
    return true;
  }

  #connectionTimeoutMs({ connection: name }: Step): number | undefined {
    const connection = name === undefined ? undefined : this.#options.connection(name);
    return connection === undefined || connection.type === 'smtp' ? undefined : connection.timeoutMs;
  }

  #withhold({ jobId }: ClaimedJob, queue: QueueRunner, cause: string): QueueHold {
    const at = this.#options.clock.now();
    const hold: QueueHold = { until: at + withholdMs, by: { jobId, cause, project: true, at } };
    queue.holdBack(hold);
    return hold;
  }

  /** An attempt that was given up no longer counts, but that it did end is worth knowing: its effect may stand twice. */
  #awaitLate(work: Promise<ActionResult>, job: ClaimedJob): void {
    work.then(
      ({ ok }) => this.#options.outcomes.refuseLate(job, ok),
      () => this.#options.outcomes.refuseLate(job, false),
    );
  }

  async #act(job: ClaimedJob, step: Step, queue: QueueRunner, slot: Slot, attempt: AttemptSignal, start: AttemptStart & Pick<ActionContext, 'timeLimitMs'>): Promise<ActionResult> {
    const { actions, storeId, projectFolder, sharer } = this.#options;
    const action = actions.get(step.uses);
    if (action === undefined) return invalidInput('unknown action', message('There is no action {action}.', { action: step.uses }));
    const input = this.#inputs.of(job);
    if ('ok' in input) return input;
    const context: ActionContext = {
      signal: attempt.signal,
      timeLimitMs: start.timeLimitMs,
      idempotencyKey: idempotencyKey(storeId, job),
      jobCreatedAt: job.createdAt,
      now: start.wall,
      connection: (name) => this.#inputs.connection(name),
      secretFields: input.secretFields,
      round: job.round,
      progress: job.progress === undefined ? undefined : (JSON.parse(job.progress) as Json),
      depart: departure(queue, slot, attempt),
      room: (bytes) => this.#answers.room(job.jobId, attempt, bytes),
      encodeLargeBody: (output, body) => this.#answers.encode(job.jobId, attempt, this.#masker(), output, body),
      code: step.code,
      projectFolder,
      ...(sharer === undefined ? {} : { machine: sharer }),
    };
    return action.execute(input.value, context);
  }

  #settlement(
    job: ClaimedJob,
    queue: QueueRunner,
    step: Step | undefined,
    result: Made['result'],
    reason: AbortReason | undefined,
  ): SettleParams {
    const { jobId, attempt } = job;
    const endedAt = this.#options.clock.now();
    if (result === 'not-started') return { jobId, attempt, endedAt, outcome: reason === 'cancelled' ? { kind: 'cancelled' } : { kind: 'returned' } };
    if (result === 'given-up') {
      const outcome = cutOff(reason) ?? this.#verdict(job, queue, step, givenUp, endedAt).outcome;
      return { jobId, attempt, endedAt, outcome };
    }
    const record = { ...this.#record('request', result.request), ...this.#record('response', result.response) };
    if (result.ok && result.wait !== undefined) {
      const cut = cutOff(reason);
      return { jobId, attempt, endedAt, outcome: cut ?? { kind: 'wait', wait: result.wait }, ...record };
    }
    if (result.ok) {
      this.#options.machine.reached();
      const output = result.encodedOutput ?? this.#masked(result.output);
      queue.count(true);
      return { jobId, attempt, endedAt, outcome: { kind: 'succeeded', output, ...this.#warning(result.warning), ...(step?.paginate === undefined ? {} : { page: this.#pagePlace(result.called) }) }, ...record };
    }
    const cut = reason === 'stopped' && result.effectStands === true ? undefined : cutOff(reason);
    if (cut !== undefined) return { jobId, attempt, endedAt, outcome: cut, ...record };
    return { jobId, attempt, endedAt, ...this.#verdict(job, queue, step, result, endedAt), ...record };
  }

  #verdict(
    job: ClaimedJob,
    queue: QueueRunner,
    step: Step | undefined,
    failure: ActionFailure,
    now: number,
  ): { readonly outcome: AttemptOutcome; readonly hold?: QueueHold } {
    const verdict = attemptVerdict({
      error: failure.error,
      ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
      ...(failure.throttled === undefined ? {} : { throttled: failure.throttled }),
      ...(failure.continues === undefined ? {} : { continues: failure.continues }),
      ...(failure.machine === undefined ? {} : { machine: failure.machine }),
      tries: job.tries + 1,
      throttles: job.throttles,
      policy: step?.retry ?? queue.definition.retry,
      random: this.#options.random(),
    });
    if (verdict.kind === 'dead' || verdict.charged) queue.count(false);
    if (failure.machine !== undefined) this.#options.machine.lacked(failure.machine, failure.error.cause);
    else if (failure.error.kind === 'status') this.#options.machine.reached();
    const error = this.#error(failure);
    const progress = failure.progress === undefined ? {} : { progress: JSON.stringify(this.#masker().cutJson(failure.progress)) };
    const hold = verdict.holdMs === undefined ? {} : { hold: holdOf(job, error, failure, now, verdict.holdMs) };
    if (hold.hold !== undefined) queue.holdBack(hold.hold);
    if (verdict.kind === 'dead') {
      // It cancels its siblings: what was claimed ahead is claimed after that, or not at all.
      if (step?.foreach?.onItemFailure === 'fail') queue.releasePrefetched();
      return { outcome: { kind: 'dead', error, ...progress }, ...hold };
    }
    return { outcome: { kind: 'retry', dueAt: now + verdict.delayMs, charged: verdict.charged, error, ...progress }, ...hold };
  }

  #error({ error: { kind, cause, message, wording, status } }: ActionFailure): JobError {
    const masker = this.#masker();
    return { kind, cause: masker.cutText(cause), ...masker.cutTold({ message, ...(wording === undefined ? {} : { wording }) }), ...(status === undefined ? {} : { status }) };
  }

  /** Where a page was read. An action that calls nothing has no links to follow. */
  #pagePlace(called: ActionSuccess['called']): PagePlace {
    return called === undefined ? { url: '', origin: '' } : { url: this.#masker().text(called.last.href), origin: this.#masker().text(called.first.origin) };
  }

  #warning(warning: string | undefined): { readonly warning?: string } {
    return warning === undefined ? {} : { warning: this.#masker().cutText(warning).slice(0, maxWarning) };
  }

  #record(name: 'request' | 'response', value: Json | undefined): { readonly request?: string; readonly response?: string } {
    if (value === undefined) return {};
    // Actions have cut what they record: a secret may straddle the cut.
    const text = JSON.stringify(this.#masker().cutJson(value));
    return { [name]: text.length <= maxRecord ? text : JSON.stringify({ omitted: `${text.length} characters` }) };
  }

  /** As JSON, without any secret that the other side may have echoed. */
  #masked(value: Json): string {
    return JSON.stringify(this.#masker().json(value));
  }

  /** Whatever an attempt was filled with is known; the file is looked at for what else is in it by now, which isn't worth a look for each job. */
  #masker(): Masker {
    const { secrets, clock } = this.#options;
    const now = clock.monotonic();
    if (now < this.#lookedAt + secretsLookMs) return secrets.maskerOfKnown();
    this.#lookedAt = now;
    return secrets.masker();
  }
}

/** How often something has happened to a job, attempt after attempt. */
class InARow {
  readonly #counts = new Map<number, number>();

  /** With this attempt; 0 if it didn't happen. */
  count(jobId: number, happened: boolean): number {
    const count = happened ? (this.#counts.get(jobId) ?? 0) + 1 : 0;
    if (count === 0) this.#counts.delete(jobId);
    else this.#counts.set(jobId, count);
    return count;
  }

  forget(jobId: number): void {
    this.#counts.delete(jobId);
  }
}

function holdOf({ jobId }: ClaimedJob, { cause }: JobError, { retryAfterMs, machine }: ActionFailure, at: number, holdMs: number): QueueHold {
  const answer = { ...(retryAfterMs === undefined ? {} : { retryAfterMs }), ...(machine === undefined ? {} : { machine: true as const }) };
  return { until: at + holdMs, by: { jobId, cause, ...answer, at } };
}

/** Lets a request leave when its queue's rate does; undefined if it has none. */
function departure(queue: QueueRunner, slot: Slot, attempt: AttemptSignal): (() => Promise<void>) | undefined {
  const { depart } = slot;
  if (depart === undefined) return undefined;
  let departed: Promise<void> | undefined;
  const leave = async (): Promise<void> => {
    for (let waitMs = depart(); waitMs > 0; waitMs = depart()) {
      await attempt.waitToLeave(waitMs);
      // Nothing has left, so the job goes back as it was.
      if (queue.blocked) attempt.abort('withheld');
      attempt.signal.throwIfAborted();
    }
    if (slot.isTooLate) attempt.abort('withheld');
    attempt.signal.throwIfAborted();
    slot.sent();
  };
  return () => (departed ??= leave());
}
