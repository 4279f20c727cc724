import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Engine } from '../../daemon/engine/engine.ts';
import { SecretSource } from '../../daemon/secrets/secret-source.ts';
import { InlineConnection } from '../../daemon/store/sqlite/inline-connection.ts';
import { SqliteStore } from '../../daemon/store/sqlite/sqlite-store.ts';
import type { Store } from '../../daemon/store/store.ts';
import type { JobDetail, JobSummary } from '../../schemas/protocol/job.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { analyseWorkflow } from '../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { QueueDefinition } from '../../schemas/workflow/model.ts';
import { FakeClock } from './fake-clock.ts';
import { ScriptedAction } from './scripted-action.ts';

export interface EngineBenchOptions {
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A real engine over a real store file, with the clock in the test's hand and `test/scripted` as its action. `dispose()`
 * after each test.
 */
export class EngineBench {
  readonly clock = new FakeClock();
  readonly folder = mkdtempSync(path.join(tmpdir(), 'sluice-engine-'));
  readonly logged: { readonly level: string; readonly details: object; readonly message: string }[] = [];
  readonly #env: NodeJS.ProcessEnv;
  action = new ScriptedAction();
  #store: Store | undefined;
  #engine: Engine | undefined;
  #queues: readonly QueueDefinition[] = [];

  constructor({ env = {} }: EngineBenchOptions = {}) {
    this.#env = env;
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
    const file = path.join(this.stateFolder, 'store.db');
    this.#store = new SqliteStore(new InlineConnection({ file, durability: 'normal', newStoreId: () => randomBytes(4).toString('hex') }));
    const log = (level: string) => (details: object, message: string) => void this.logged.push({ level, details, message });
    this.#engine = new Engine({
      clock: this.clock,
      random: () => 0.5,
      store: this.#store,
      projectFolder: this.folder,
      stateFolder: this.stateFolder,
      actions: { get: (name) => (name === 'test/scripted' ? this.action : undefined) },
      secrets: new SecretSource({ projectFolder: this.folder, env: this.#env }),
      log: { info: log('info'), warn: log('warn'), error: log('error') },
    });
    await this.#engine.start(this.#settings());
    await this.rest();
  }

  /** Declares queues anew, as when their file is saved. */
  async declare(queues: readonly QueueDefinition[]): Promise<void> {
    this.#queues = queues;
    await this.engine.apply(this.#settings());
    await this.rest();
  }

  /** Starts a run of a workflow text; queues that the text declares are declared. Returns its number. */
  async run(text: string, inputs: Json = {}): Promise<number> {
    const { workflow, diagnostics } = analyseWorkflow({ text, id: 'test', actions: 'any' });
    if (workflow === undefined) throw new Error(diagnostics.map((one) => one.message).join('\n'));
    const declared = Object.values(workflow.queues);
    if (declared.length > 0) await this.declare([...this.#queues.filter((one) => workflow.queues[one.name] === undefined), ...declared]);
    const version = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const { runId } = await this.store.createRun({ workflow: 'test', version, text, inputs: JSON.stringify(inputs), now: this.clock.now() });
    await this.rest();
    return runId;
  }

  /** Lets everything happen that needs no time. */
  async rest(): Promise<void> {
    for (let before = -1; before !== this.engine.commits;) {
      before = this.engine.commits;
      // Several turns: a commit leads to a claim, a claim to attempts, and those to outcomes, each in a turn of its own.
      for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
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
    const { jobs } = await this.store.listJobs({ runId, limit: 1000, ...(step === undefined ? {} : { step }) });
    return jobs.reverse();
  }

  async job(jobId: number): Promise<JobDetail> {
    const job = await this.store.getJob({ jobId });
    if (job === undefined) throw new Error(`no job ${jobId}`);
    return job;
  }

  /** Ends it as `sluice down` does. */
  async stop(): Promise<void> {
    const stopped = this.engine.stop();
    await this.rest();
    await stopped;
    await this.store.close();
  }

  /** Ends it as a crash does: the store is closed, and nothing that was under way is heard of again. */
  async crash(): Promise<void> {
    this.engine.dispatcher.stop();
    await this.store.close();
    this.#engine = undefined;
  }

  async dispose(): Promise<void> {
    if (this.#engine !== undefined) {
      this.engine.dispatcher.stop();
      await this.store.close();
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #settings() {
    return {
      queues: this.#queues,
      connections: new Map(),
      config: { durability: 'normal', keepRunsMs: 30 * 86_400_000, graceMs: 20_000, env: [] } as const,
      env: {},
    };
  }
}
