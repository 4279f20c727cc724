import type { Clock } from '../core/clock.ts';
import { KeptWorkflows } from '../core/kept-workflows.ts';
import { paceKinds, spansOf, whyJob, type QueueStanding } from '../core/why.ts';
import type { Engine } from '../engine/engine.ts';
import { connectionIn } from '../ledger/connection-limits.ts';
import type { Obstacle } from '../engine/queue/queue-limits.ts';
import type { QueueRunner } from '../engine/queue/queue-runner.ts';
import type { Handlers } from '../server/method-caller.ts';
import type { QueueHold, Store } from '../store/store.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { formatJobId, isRunEnded, isStepEnded, parseDeliveryId, parseJobId, parseRunId } from '../../schemas/protocol/id.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import type { RunDetail, StepView } from '../../schemas/protocol/run.ts';
import { parseScheduleId } from '../../schemas/protocol/trigger.ts';
import { maxCountedAhead, type WaitCause, type Why } from '../../schemas/protocol/why.ts';
import { message } from '../../schemas/wording/message.ts';
import { slowestRate } from '../../schemas/workflow/rate.ts';
import type { DeliveryService } from './delivery-service.ts';
import { jobNumber, type JobService } from './job-service.ts';
import { knownQueue, unknownName } from './param-values.ts';
import { heldView } from './queue-service.ts';
import type { RunService } from './run-service.ts';
import type { ScheduleService } from './schedule-service.ts';

/** Steps of a run of which each is explained. */
const maxSteps = 10;
/** Runs that are looked through for those with the same `concurrency` key. */
const maxGateRuns = 1000;

export interface WhyServiceOptions {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  readonly jobs: Pick<JobService, 'get'>;
  readonly runs: Pick<RunService, 'get'>;
  readonly schedules: Pick<ScheduleService, 'list'>;
  readonly deliveries: Pick<DeliveryService, 'get'>;
}

/** Answers why something waits, by what decides that it does. */
export class WhyService implements Pick<Handlers, 'why'> {
  readonly #options: WhyServiceOptions;
  readonly #workflows = new KeptWorkflows(20);

  constructor(options: WhyServiceOptions) {
    this.#options = options;
  }

  why: Handlers['why'] = async ({ id, step }) => {
    const { engine } = this.#options;
    if (parseRunId(id) !== undefined) return step === undefined ? this.#run(id) : this.#step(id, step);
    if (step !== undefined) throw new CodedError('invalid-params', message('`step` goes with a run, such as r12.'));
    // A queue may have a name that looks like an id; it is asked for by its name where there is one.
    if (engine.dispatcher.known(id) !== undefined) return this.#queue(id);
    if (parseJobId(id) !== undefined) return this.#job(id);
    if (parseScheduleId(id) !== undefined) return this.#schedule(id);
    if (parseDeliveryId(id) !== undefined) return this.#delivery(id);
    return this.#queue(id);
  };

  async #job(id: string): Promise<Why> {
    const { jobs, clock } = this.#options;
    const job = await jobs.get(id);
    return { id, kind: 'job', state: job.state, causes: [...(await this.#causesOf(job))], spans: [...spansOf(job, clock.now())] };
  }

  async #causesOf(job: JobDetail): Promise<readonly WaitCause[]> {
    const { store, clock, engine } = this.#options;
    const { ahead } = job.state === 'pending' ? await store.jobsAhead({ jobId: jobNumber(job.id), most: maxCountedAhead }) : { ahead: 0 };
    const causes = whyJob({ job, queue: this.#standing(knownQueue(engine, job.queue)), ahead, now: clock.now(), ...(job.lack === undefined ? {} : { lack: job.lack }), ...this.#connectionOf(job) });
    const [first] = causes;
    return first?.kind === 'child' && first.run !== undefined ? [first, ...(await this.#causesOfRun(first.run))] : causes;
  }

  /** Only a job that is due has to wait for it. */
  #connectionOf({ state, uses, payload, queue }: JobDetail): { readonly connection?: WaitCause } {
    const name = state === 'pending' ? connectionIn(uses, payload) : null;
    const cause = name === null ? undefined : this.#connectionCause(name, queue);
    return cause === undefined ? {} : { connection: cause };
  }

  /** Undefined if no job of that queue waits for the connection. */
  #connectionCause(name: string, queue: string): WaitCause | undefined {
    const { engine, clock } = this.#options;
    const { obstacle, waiting = [], limits } = engine.dispatcher.connections.stateOf(name) ?? {};
    if (obstacle === undefined || !waiting.includes(queue)) return undefined;
    if (obstacle.kind === 'concurrency') return { kind: 'connection', queue, name, limit: limits?.concurrency ?? 1 };
    return { kind: 'connection', queue, name, until: new Date(Math.max(obstacle.until, clock.now())).toISOString(), rate: { ...obstacle.rate } };
  }

  async #run(id: string): Promise<Why> {
    const run = await this.#options.runs.get(id);
    return { id, kind: 'run', state: run.state, causes: [...(await this.#causesWithin(run))] };
  }

  async #step(id: string, name: string): Promise<Why> {
    const run = await this.#options.runs.get(id);
    const step = run.steps.find((one) => one.id === name);
    if (step === undefined) throw unknownName(message('{run} has no step {step}.', { run: id, step: name }), { name, known: run.steps.map((one) => one.id), none: message('It has none.') });
    return { id: name, kind: 'step', state: step.state, causes: [...(await this.#causesOfStep(run, step))] };
  }

  /** Of a run that something waits for; runs can be nested, and only the first is explained. */
  async #causesOfRun(id: string): Promise<readonly WaitCause[]> {
    const run = await this.#options.runs.get(id).catch(() => undefined);
    return run === undefined ? [] : (await this.#causesWithin(run, false)).map((cause) => ({ run: id, ...cause }));
  }

  async #causesWithin(run: RunDetail, withChildren = true): Promise<readonly WaitCause[]> {
    if (isRunEnded(run.state) && !run.closing) return endOfRun(run);
    if (run.queued === true) return [await this.#gate(run)];
    const open = run.steps.filter(({ state, jobs }) => !isStepEnded(state) || jobs.open > 0);
    const held: readonly WaitCause[] = run.heldAfter === undefined ? [] : [{ kind: 'held-items', run: run.id, count: run.heldAfter }];
    const running = await Promise.all(open.filter(({ state }) => state !== 'waiting').slice(0, maxSteps).map((step) => this.#causesOfStep(run, step, withChildren)));
    const waiting = await Promise.all(open.filter(({ state }) => state === 'waiting').slice(0, maxSteps).map((step) => this.#needsOf(run, step)));
    const causes = running.flat();
    // What makes progress by itself comes after what doesn't.
    return [...held, ...causes.filter(({ kind }) => kind !== 'active'), ...causes.filter(({ kind }) => kind === 'active'), ...waiting];
  }

  async #causesOfStep(run: RunDetail, step: StepView, withChildren = true): Promise<readonly WaitCause[]> {
    const { store } = this.#options;
    if (step.state === 'waiting') return run.queued === true ? [await this.#gate(run)] : [await this.#needsOf(run, step)];
    if (isStepEnded(step.state) && step.jobs.open === 0) return step.jobs.dead > 0 ? [{ kind: 'dead', run: run.id, step: step.id, count: step.jobs.dead }] : [{ kind: 'ended', step: step.id, name: step.state }];
    const runId = parseRunId(run.id) ?? 0;
    const causes: WaitCause[] = [];
    for (const state of ['pending', 'delayed', 'active'] as const) {
      const page = await store.listJobs({ runId, step: step.id, state, limit: 1 });
      const [first] = page.jobs;
      if (first === undefined) continue;
      const job = await this.#options.jobs.get(first.id);
      const found = job.state === 'active' ? [{ kind: 'active', job: job.id, count: await this.#activeOf(runId, step.id) } as const] : withChildren ? await this.#causesOf(job) : (await this.#causesOf(job)).slice(0, 1);
      for (const cause of found) causes.push({ ...cause, step: step.id, job: cause.job ?? job.id });
      // What is due says more of a step than what waits for a time of its own.
      if (state === 'pending' && found.some(({ kind }) => kind !== 'next' && kind !== 'ahead')) break;
    }
    const making: readonly WaitCause[] = step.foreach && !step.expanded && step.state === 'running' ? [this.#making(step)] : [];
    return [...causes, ...making];
  }

  /** The steps that have to end before it starts, and have not. */
  async #needsOf({ version, steps }: RunDetail, { id }: StepView): Promise<WaitCause> {
    const kept = await this.#options.store.workflowVersion({ version });
    const workflow = kept && this.#workflows.understand(version, kept);
    const needs = (workflow?.steps[id] ?? workflow?.onFailure[id])?.needs ?? [];
    const open = needs.filter((need) => steps.some((step) => step.id === need && !isStepEnded(step.state)));
    return { kind: 'needs', step: id, name: open.join(', ') };
  }

  async #activeOf(runId: number, step: string): Promise<number> {
    return (await this.#options.store.listJobs({ runId, step, state: 'active', limit: 1000 })).jobs.length;
  }

  /** Its jobs come as its queue has room for them. */
  #making({ id, queue }: StepView): WaitCause {
    const runner = knownQueue(this.#options.engine, queue);
    const { pending, delayed } = runner.depth;
    const { maxDepth } = runner.definition;
    return maxDepth !== undefined && pending + delayed >= maxDepth ? { kind: 'full', queue, step: id, limit: maxDepth } : { kind: 'making', step: id };
  }

  /** Runs of the same workflow and key that have to end first. */
  async #gate(run: RunDetail): Promise<WaitCause> {
    const { runs } = await this.#options.store.listRuns({ workflow: run.workflow, state: 'running', limit: maxGateRuns });
    const before = runs.filter((other) => other.id !== run.id && other.concurrencyKey === run.concurrencyKey && other.queued !== true);
    const first = before.at(-1);
    return { kind: 'gate', count: before.length, ...(run.concurrencyKey === undefined ? {} : { name: run.concurrencyKey }), ...(first === undefined ? {} : { run: first.id }) };
  }

  async #queue(name: string): Promise<Why> {
    const { engine } = this.#options;
    const runner = knownQueue(engine, name);
    const { depth } = runner;
    const { causes } = this.#standing(runner);
    const waiting = depth.pending + depth.delayed;
    const state = waiting > 0 ? 'waiting' : depth.active > 0 ? 'active' : 'empty';
    const lacking = depth.pending === 0 ? [] : runner.passing.map(({ step, jobId, lack }) => ({ kind: 'lacking', queue: name, step, job: formatJobId(jobId), lack }) as const);
    const verdict = runner.forecast(engine.health.trouble === undefined);
    const stalls: readonly WaitCause[] =
      verdict.state !== 'stalled' ? [] : verdict.reason === 'nothing-completes' ? [{ kind: 'failing', queue: name }] : verdict.reason === 'not-due' ? [await this.#firstDue(name)] : [];
    const { maxDepth } = runner.definition;
    const full: readonly WaitCause[] = maxDepth !== undefined && waiting >= maxDepth ? [{ kind: 'full', queue: name, limit: maxDepth }] : [];
    const isPace = ({ kind }: WaitCause): boolean => paceKinds.has(kind);
    const all = [...causes.filter((cause) => !isPace(cause)), ...lacking, ...stalls, ...full, ...(waiting > 0 ? [...causes.filter(isPace), ...engine.dispatcher.connections.awaitedBy(name).flatMap((connection) => this.#connectionCause(connection, name) ?? [])] : [])];
    return { id: name, kind: 'queue', state, causes: all.length > 0 ? all : [{ kind: waiting > 0 ? 'free' : 'empty', queue: name, count: waiting }] };
  }

  async #firstDue(queue: string): Promise<WaitCause> {
    const { jobs } = await this.#options.store.listJobs({ queue, state: 'delayed', limit: 100 });
    const [first] = jobs.filter(({ waitsFor }) => waitsFor === undefined).sort((one, other) => (one.dueAt < other.dueAt ? -1 : 1));
    return { kind: 'retry', queue, ...(first === undefined ? {} : { job: first.id, until: first.dueAt, count: first.attemptCount, ...(first.error === undefined ? {} : { error: first.error }) }) };
  }

  async #schedule(id: string): Promise<Why> {
    const schedule = (await this.#options.schedules.list()).find((one) => one.id === id);
    if (schedule === undefined) throw new CodedError('not-found', message('There is no schedule {schedule}.', { schedule: id }));
    const { paused, problem, next, missedCount, missedReason } = schedule;
    const causes: WaitCause[] = [];
    if (problem !== undefined) causes.push({ kind: 'problem', problem });
    if (paused) causes.push({ kind: 'schedule-paused', name: id });
    else if (next[0] !== undefined) causes.push({ kind: 'due', until: next[0] });
    if (missedCount > 0) causes.push({ kind: 'missed', count: missedCount, ...(missedReason === undefined ? {} : { problem: missedReason }) });
    return { id, kind: 'schedule', state: paused ? 'paused' : 'waiting', causes: causes.length > 0 ? causes : [{ kind: 'ended' }] };
  }

  async #delivery(id: string): Promise<Why> {
    const { outcome, reason, run } = await this.#options.deliveries.get(id);
    const own: WaitCause = { kind: 'refused', name: outcome, ...(reason === undefined ? {} : { problem: reason }) };
    return { id, kind: 'delivery', state: outcome, causes: run === undefined ? [own] : [...(outcome === 'started' ? [] : [own]), ...(await this.#causesOfRun(run))] };
  }

  #standing(runner: QueueRunner): QueueStanding {
    const { engine, clock } = this.#options;
    const { trouble } = engine.health;
    const store: readonly WaitCause[] = trouble === undefined ? [] : [{ kind: 'store', problem: trouble.problem, since: new Date(trouble.since).toISOString() }];
    const msPerJob = paceOf(runner);
    // Without it, every queue stands still.
    const obstacles = runner.obstacles.filter((obstacle) => trouble === undefined || obstacle.kind !== 'shut' || obstacle.by === 'pause');
    return { causes: [...store, ...obstacles.map((obstacle) => causeOf(obstacle, runner, clock))], ...(msPerJob === undefined ? {} : { msPerJob }) };
  }
}

/** By what it does now; where it has done nothing yet, as its rate allows. */
function paceOf({ throughputPerMinute, rates }: QueueRunner): number | undefined {
  const rate = slowestRate(rates);
  const allowed = rate === undefined ? undefined : rate.perMs / rate.limit;
  if (throughputPerMinute <= 0) return allowed;
  return Math.max(60_000 / throughputPerMinute, allowed ?? 0);
}

function causeOf(obstacle: Obstacle, { name: queue, concurrency, rates }: QueueRunner, clock: Clock): WaitCause {
  switch (obstacle.kind) {
    case 'shut':
      return { kind: obstacle.by === 'pause' ? 'paused' : obstacle.by === 'stop' ? 'stopping' : 'moving', queue };
    case 'held':
      return { kind: 'held', queue, ...heldCause(obstacle.hold) };
    case 'full':
      return obstacle.by === 'machine' ? { kind: 'machine', queue } : { kind: 'concurrency', queue, limit: concurrency };
    case 'rate':
      return { kind: 'rate', queue, until: new Date(Math.max(obstacle.until, clock.now())).toISOString(), rate: { ...obstacle.rate }, ...(rates.length > 1 ? { rates: rates.map((rate) => ({ ...rate })) } : {}) };
  }
}

function heldCause(hold: QueueHold): Pick<WaitCause, 'until' | 'heldBy'> {
  const { heldUntil, heldBy } = heldView(hold);
  return { ...(heldUntil === undefined ? {} : { until: heldUntil }), ...(heldBy === undefined ? {} : { heldBy }) };
}

function endOfRun({ id, state, jobs }: RunDetail): readonly WaitCause[] {
  const dead: readonly WaitCause[] = jobs.dead > 0 ? [{ kind: 'dead', run: id, count: jobs.dead }] : [];
  return [...dead, { kind: 'ended', name: state }];
}

