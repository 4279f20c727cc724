import { defaultWebhookSettings } from '../../schemas/workflow/triggers/webhook-trigger.ts';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { Action } from '../../daemon/actions/action.ts';
import { WaitForAction } from '../../daemon/actions/wait-for.ts';
import { WaitSignalAction } from '../../daemon/actions/wait-signal.ts';
import { WorkflowRunAction } from '../../daemon/actions/workflow-run.ts';
import { Engine } from '../../daemon/engine/engine.ts';
import { SecretSource } from '../../daemon/secrets/secret-source.ts';
import { InlineConnection } from '../../daemon/store/sqlite/inline-connection.ts';
import { SqliteStore } from '../../daemon/store/sqlite/sqlite-store.ts';
import type { QueueRunner } from '../../daemon/engine/queue/queue-runner.ts';
import type { SetQueueParams, Store, StoreCheck } from '../../daemon/store/store.ts';
import type { JobDetail, JobSummary } from '../../schemas/protocol/job.ts';
import type { UndeclaredQueue } from '../../schemas/protocol/queue.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { analyseWorkflow } from '../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Connection } from '../../schemas/workflow/connections/connection.ts';
import type { QueueDefinition } from '../../schemas/workflow/model.ts';
import { linkToken } from '../../daemon/secrets/signal-link.ts';
import { suiteLinkKey } from './store-suite/suite-links.ts';
import { FakeClock } from './fake-clock.ts';
import { ScriptedAction } from './scripted-action.ts';
import { english } from '../../schemas/wording/language.ts';

export interface EngineBenchOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** 0 <= random < 1; the middle if it is missing, at which jitter does nothing. */
  readonly random?: () => number;
  readonly graceMs?: number;
  /** Queues that files declare, but not so that it counts. */
  readonly doubtful?: readonly QueueDefinition[];
  /** Why those are not declared that aren't; their declarations have gone if it is missing. */
  readonly undeclared?: UndeclaredQueue;
  /** The store can't tell a job that waits for a slot from one that has started. */
  readonly withoutPrefetch?: boolean;
  /** A store of the test's own, which engines may share, instead of a file. Called at each start. */
  readonly store?: () => Store;
}

/**
 * When a process dies, the system closes its files. An engine that dies here may read a copy of items: if it was collected, Node would close that, with a
 * warning (of which a later version makes an error). So it is kept, with what it waits for, until the process of the tests ends.
 */
const keptForItsFiles: unknown[] = [];

/**
 * A real engine over a real store file, with the clock in the test's hand and `test/scripted` as its action. `dispose()`
 * after each test.
 */
export class EngineBench {
  readonly clock = new FakeClock();
  readonly folder = mkdtempSync(path.join(tmpdir(), 'sluice-engine-'));
  readonly logged: { readonly level: string; readonly details: object; readonly message: string }[] = [];
  readonly #options: EngineBenchOptions;
  action = new ScriptedAction(this.clock);
  #store: Store | undefined;
  #engine: Engine | undefined;
  #slow: Promise<void> | undefined;
  readonly #unanswered: unknown[] = [];
  #kill: () => Promise<void> = async () => {};
  #queues: readonly QueueDefinition[] = [];

  /** Texts of the workflows that steps may run, by their ids. */
  readonly workflows = new Map<string, string>();
  readonly #waits: readonly Action[] = [
    new WaitForAction(),
    new WaitSignalAction(),
    new WorkflowRunAction(async (workflow, inputs) => {
      const text = this.workflows.get(workflow);
      if (text === undefined) throw new CodedError('not-found', `There is no workflow ${workflow}.`);
      return { workflow, version: versionOf(text), text, inputs: JSON.stringify(inputs) };
    }),
  ];

  /** What `connections.yaml` declares. */
  connections: ReadonlyMap<string, Connection> = new Map();
  /** Why it may declare more. */
  connectionsDoubt: string | undefined;
  /** While it is set, the store refuses every write with this message, as when the disk is full. */
  trouble: string | undefined;
  /** How long each transaction takes, in milliseconds of the clock. */
  writeMs = 0;

  constructor(options: EngineBenchOptions = {}) {
    this.#options = options;
    mkdirSync(this.stateFolder, { recursive: true });
  }

  get stateFolder(): string {
    return path.join(this.folder, '.sluice', 'state');
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error('start the engine first');
    return this.#engine;
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('start the engine first');
    return this.#store;
  }

  async start(queues: readonly QueueDefinition[] = this.#queues): Promise<void> {
    this.#queues = queues;
    this.clock.begin();
    const store = this.#options.store?.() ?? this.#openFile();
    this.#store = store;
    if (this.#options.withoutPrefetch === true) Reflect.deleteProperty(store, 'prefetch');
    const log = (level: string) => (details: object, message: string) => void this.logged.push({ level, details, message });
    this.#engine = new Engine({
      clock: this.clock,
      random: this.#options.random ?? (() => 0.5),
      store,
      projectFolder: this.folder,
      stateFolder: this.stateFolder,
      actions: { get: (name) => (name === 'test/scripted' ? this.action : this.#waits.find(({ definition }) => definition.name === name)) },
      secrets: new SecretSource({ projectFolder: this.folder, env: this.#options.env ?? {} }),
      log: { info: log('info'), warn: log('warn'), error: log('error') },
      signalUrl: (link) => `https://hooks.example.com/signals/${linkToken(suiteLinkKey, link)}`,
    });
    await this.#engine.start(this.#settings());
    await this.rest();
  }

  #openFile(): SqliteStore {
    const file = path.join(this.stateFolder, 'store.db');
    const connection = new InlineConnection({ file, durability: 'normal', newStoreId: () => randomBytes(4).toString('hex'), linkKey: suiteLinkKey });
    const write = connection.write.bind(connection);
    this.#kill = async () => {
      // Anyone who still waits for an answer waits for ever, as in a process that has ended.
      const never = <Answer>(): Promise<Answer> => new Promise((resolve) => this.#unanswered.push(resolve));
      connection.write = never;
      connection.read = never;
      await connection.close();
    };
    connection.write = async (calls) => {
      await this.#slow;
      if (this.writeMs > 0) await new Promise<void>((resolve) => this.clock.setTimer(this.writeMs, resolve));
      if (this.trouble !== undefined) throw new CodedError('store-unavailable', this.trouble);
      return write(calls);
    };
    return new SqliteStore(connection, this.clock);
  }

  /** Declares queues again, as when their file is saved. */
  async declare(queues: readonly QueueDefinition[]): Promise<void> {
    this.#queues = queues;
    await this.engine.apply(this.#settings());
    await this.rest();
  }

  /** Takes up what `connections` and `connectionsDoubt` are now. */
  refresh(): Promise<void> {
    return this.declare(this.#queues);
  }

  /** Starts a run of a workflow text; queues that the text declares are declared. Returns its number. */
  async run(text: string, inputs: Json = {}, firstItems?: number): Promise<number> {
    const { workflow, diagnostics } = analyseWorkflow({ text, id: 'test', actions: 'any' });
    if (workflow === undefined) throw new Error(english.paragraphOf(diagnostics.map(({ message }) => message)));
    const declared = Object.values(workflow.queues);
    if (declared.length > 0) await this.declare([...this.#queues.filter((one) => workflow.queues[one.name] === undefined), ...declared]);
    const version = versionOf(text);
    const { runId } = await this.store.createRun({ workflow: 'test', version, text, inputs: JSON.stringify(inputs), now: this.clock.now(), ...(firstItems === undefined ? {} : { firstItems }) });
    await this.rest();
    return runId;
  }

  /** Starts a run of so many jobs, which all do what the script says, in the queue `api`. `queue`: how that is declared, as YAML in one line. Returns its number. */
  runMany(queue: string, count: number, script = 'ok'): Promise<number> {
    const text = `
queues: { api: ${queue} }
inputs: { items: { type: array } }
steps:
  each:
    queue: api
    uses: test/scripted
    foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }
    with: { do: "${script}" }
`;
    return this.run(text, { items: Array.from({ length: count }, (_, index) => index) });
  }

  /** Lets everything happen that needs no time. */
  async rest(): Promise<void> {
    const { engine } = this;
    for (let before = -1; this.#engine === engine && (before !== engine.commits || engine.busy);) {
      before = engine.commits;
      // Several turns: a commit leads to a claim, a claim to attempts, and those to outcomes, each in a turn of its own.
      for (let turn = 0; turn < 8; turn++) await this.turn();
    }
  }

  /** One turn of the event loop. */
  async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** From now on no write ends until what comes back is called. */
  slowDown(): () => void {
    let release = (): void => {};
    this.#slow = new Promise((resolve) => {
      release = resolve;
    });
    return () => {
      this.#slow = undefined;
      release();
    };
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms, () => this.rest());
  }

  async runDetail(runId: number): Promise<RunDetail> {
    const run = await this.store.getRun({ runId });
    if (run === undefined) throw new Error(`no run ${runId}`);
    return run;
  }

  /** The states of a run and of its steps. */
  async states(runId: number): Promise<Record<string, string>> {
    const { state, steps } = await this.runDetail(runId);
    return { run: state, ...Object.fromEntries(steps.map((step) => [step.id, step.state])) };
  }

  /** A run's jobs, oldest first. */
  async jobs(runId: number, step?: string): Promise<JobSummary[]> {
    const jobs: JobSummary[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await this.store.listJobs({ runId, limit: 1000, ...(step === undefined ? {} : { step }), ...(cursor === undefined ? {} : { cursor }) });
      jobs.push(...page.jobs);
      if (page.next === undefined) return jobs.reverse();
      cursor = page.next;
    }
  }

  /** The number and all details of the one job of a step. */
  async jobOf(runId: number, step: string): Promise<JobDetail & { readonly number: number }> {
    const [job, ...others] = await this.jobs(runId, step);
    if (job === undefined || others.length > 0) throw new Error(`${step} has ${others.length + (job === undefined ? 0 : 1)} jobs`);
    return { ...(await this.job(numberOf(job.id))), number: numberOf(job.id) };
  }

  /** How many of a run's jobs are in each state. */
  async tally(runId: number, step?: string): Promise<Record<string, number>> {
    const tally: Record<string, number> = {};
    for (const { state } of await this.jobs(runId, step)) tally[state] = (tally[state] ?? 0) + 1;
    return tally;
  }

  /** The numbers of a run's dead letters, oldest first. */
  async dead(runId: number): Promise<number[]> {
    return (await this.jobs(runId)).filter(({ state }) => state === 'dead').map(({ id }) => numberOf(id));
  }

  async job(jobId: number): Promise<JobDetail> {
    const job = await this.store.getJob({ jobId });
    if (job === undefined) throw new Error(`no job ${jobId}`);
    return job;
  }

  async cancelRun(runId: number): Promise<void> {
    await this.store.cancelRun({ runId, now: this.clock.now() });
    await this.rest();
  }

  async cancelJob(jobId: number): Promise<void> {
    await this.store.cancelJob({ jobId, now: this.clock.now() });
    await this.rest();
  }

  async replay(jobIds: readonly number[], payload?: Json): Promise<void> {
    await this.store.replay({ jobIds, now: this.clock.now(), ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }) });
    await this.rest();
  }

  async discard(jobIds: readonly number[]): Promise<void> {
    await this.store.discard({ jobIds, now: this.clock.now() });
    await this.rest();
  }

  /** As a person does it: pause, resume, or set other limits. */
  async setQueue(queue: string, change: Omit<SetQueueParams, 'queue'>): Promise<void> {
    await this.store.setQueue({ queue, ...change });
    this.engine.dispatcher.queue(queue).override(change);
    await this.rest();
  }

  queue(name: string): QueueRunner {
    return this.engine.dispatcher.queue(name);
  }

  /** Writes a file of the project. */
  file(name: string, content: string | Buffer): void {
    writeFileSync(path.join(this.folder, name), content);
  }

  /** What the store finds wrong with itself. */
  async faults(): Promise<readonly StoreCheck[]> {
    return (await this.store.check()).filter(({ ok }) => !ok);
  }

  /** Ends it as `sluice down` does; the clock continues as long as it needs. */
  async stop(): Promise<void> {
    const { engine } = this;
    const end = { reached: false };
    const stopping = engine.stop().then(() => {
      end.reached = true;
    });
    await this.rest();
    // A millisecond at least: of a wall time, fractions of one are lost, and a timer that is due by less would never come.
    for (let next = this.clock.nextTimerAt(); !end.reached && next !== undefined; next = this.clock.nextTimerAt()) await this.advance(Math.max(1, next - this.clock.now()));
    await stopping;
    await this.store.close();
    this.#engine = undefined;
  }

  /** Ends it as a crash does: the store is closed, and nothing that was under way is heard of again. */
  async crash(): Promise<void> {
    if (existsSync(path.join(this.stateFolder, 'items'))) keptForItsFiles.push(this.#engine, this.#unanswered);
    this.#engine = undefined;
    this.clock.forget();
    this.action.forget();
    await this.#kill();
  }

  async dispose(): Promise<void> {
    if (this.#engine !== undefined) await this.crash();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #settings() {
    return {
      queues: this.#queues,
      doubtful: this.#options.doubtful ?? [],
      whyUndeclared: (): UndeclaredQueue => this.#options.undeclared ?? { reason: 'gone', files: [] },
      declared: () => ({}),
      connections: this.connections,
      connectionsDoubt: this.connectionsDoubt,
      config: { durability: 'normal', keepRunsMs: 30 * 86_400_000, graceMs: this.#options.graceMs ?? 20_000, env: [], webhooks: defaultWebhookSettings, alerts: [] } as const,
      env: {},
    };
  }
}

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function numberOf(id: string): number {
  return Number(id.slice(1));
}
