import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CodedError } from '../../schemas/protocol/error.ts';
import { defaultConfig } from '../../schemas/workflow/analysis/analyse-connections.ts';
import { analyseProject } from '../../schemas/workflow/analysis/analyse-project.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { Engine } from '../../daemon/engine/engine.ts';
import { SecretSource } from '../../daemon/secrets/secret-source.ts';
import { checkInputs } from '../../daemon/service/run-inputs.ts';
import type { Committed, Store } from '../../daemon/store/store.ts';
import { Scheduler } from '../../daemon/triggers/scheduler.ts';
import { FakeClock } from './fake-clock.ts';
import { MemoryStore } from './memory-store/memory-store.ts';
import { MemoryTables } from './memory-store/memory-tables.ts';
import { ScriptedAction } from './scripted-action.ts';

/** Clocks of several machines move together in steps of that, in milliseconds. */
const stepMs = 250;

/** One daemon of those that share a store: its engine and its scheduler, with a clock and an action of its own. */
export class SharedDaemon {
  readonly name: string;
  readonly clock = new FakeClock();
  readonly action = new ScriptedAction(this.clock);
  readonly logged: { readonly level: string; readonly details: object; readonly message: string }[] = [];
  readonly engine: Engine;
  readonly scheduler: Scheduler;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'sluice-shared-'));
  readonly #project: { analysis: ReturnType<typeof analyseProject> };
  #state: 'alive' | 'cut-off' | 'hung' | 'dead' = 'alive';
  /** What it hears of others when it can hear again. */
  #unheard: Committed[] = [];
  #listener: (committed: Committed) => void = () => {};
  /** Its calls, while it hangs. */
  #held: (() => void)[] = [];

  constructor(tables: MemoryTables, name: string, texts: Readonly<Record<string, string>>) {
    this.name = name;
    this.#project = { analysis: analysisOf(texts) };
    mkdirSync(path.join(this.#folder, '.sluice', 'state'), { recursive: true });
    const store = this.#reaching(new MemoryStore(tables, name));
    const log = (level: string) => (details: object, message: string) => void this.logged.push({ level, details, message });
    const logs = { info: log('info'), warn: log('warn'), error: log('error') };
    this.engine = new Engine({
      clock: this.clock,
      random: () => 0.5,
      store,
      projectFolder: this.#folder,
      stateFolder: path.join(this.#folder, '.sluice', 'state'),
      actions: { get: (uses) => (uses === 'test/scripted' ? this.action : undefined) },
      secrets: new SecretSource({ projectFolder: this.#folder, env: {} }),
      signalUrl: () => 'http://127.0.0.1/',
      log: logs,
    });
    this.scheduler = new Scheduler({
      clock: this.clock,
      store,
      project: this.#project,
      assertAcceptingWork: () => this.engine.assertAcceptingWork(),
      checkInputs,
      leads: () => this.engine.membership.leads,
      onStoreError: (error) => this.engine.health.note(error),
      log: logs,
    });
  }

  async start(): Promise<void> {
    const { workflows, config } = this.#project.analysis;
    const queues = [...workflows.values()].flatMap(({ workflow }) => Object.values(workflow.queues));
    await this.engine.start({ queues, doubtful: [], whyUndeclared: () => ({ reason: 'gone', files: [] }), declared: () => ({}), connections: new Map(), connectionsDoubt: undefined, config: { ...defaultConfig, ...config }, env: {} });
    await this.scheduler.start();
    this.engine.membership.onChange(() => void this.scheduler.look());
  }

  get lives(): boolean {
    return this.#state !== 'dead';
  }

  get hangs(): boolean {
    return this.#state === 'hung';
  }

  /** `kill -9`. */
  die(): void {
    this.#state = 'dead';
    this.clock.forget();
    this.action.forget();
  }

  /** SIGSTOP: time passes for it, and nothing of it runs. */
  hang(): void {
    this.#state = 'hung';
  }

  /** The store can't be reached. */
  cutOff(): void {
    this.#state = 'cut-off';
  }

  /** After `hang` or `cutOff`. */
  return(): void {
    this.#state = 'alive';
    for (const go of this.#held.splice(0)) go();
    for (const committed of this.#unheard.splice(0)) this.#listener(committed);
  }

  /** How often it has logged that. */
  count(message: RegExp): number {
    return this.logged.filter((line) => message.test(line.message)).length;
  }

  dispose(): void {
    this.die();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The store, as far as the daemon can reach it. */
  #reaching(store: MemoryStore): Store {
    store.onCommit((committed) => {
      if (this.#state === 'alive') this.#listener(committed);
      else this.#unheard.push(committed);
    });
    const call = async (method: (...args: unknown[]) => unknown, args: unknown[]): Promise<unknown> => {
      if (this.#state === 'hung') await new Promise<void>((resolve) => this.#held.push(resolve));
      if (this.#state === 'dead') return new Promise(() => {});
      if (this.#state === 'cut-off') throw new CodedError('store-unavailable', "Postgres can't be reached");
      const answer = await method.apply(store, args);
      // What was asked before a hang is answered after it.
      if (this.#state === 'hung') await new Promise<void>((resolve) => this.#held.push(resolve));
      return answer;
    };
    return new Proxy<Store>(store, {
      get: (target, key): unknown => {
        const value: unknown = Reflect.get(target, key, target);
        if (key === 'onCommit') return (listener: (committed: Committed) => void) => void (this.#listener = listener);
        if (key === 'settle') return (params: Parameters<Store['settle']>[0]) => ({ survivesCrash: false, stored: call(() => target.settle(params).stored, []) });
        return typeof value === 'function' ? (...args: unknown[]) => call(value as (...args: unknown[]) => unknown, args) : value;
      },
    });
  }
}

/** Several daemons with the same files on one store, which is in memory. */
export class SharedBench {
  readonly tables = new MemoryTables();
  readonly daemons: SharedDaemon[] = [];
  readonly #texts: Readonly<Record<string, string>>;
  #elapsedMs = 0;

  /** `texts`: workflows by their ids. */
  constructor(texts: Readonly<Record<string, string>> = {}) {
    this.#texts = texts;
  }

  /** Another daemon comes. */
  async join(name: string): Promise<SharedDaemon> {
    const daemon = new SharedDaemon(this.tables, name, this.#texts);
    daemon.clock.stall(this.#elapsedMs);
    this.daemons.push(daemon);
    await daemon.start();
    await this.rest();
    return daemon;
  }

  async run(daemon: SharedDaemon, workflow: string, inputs: Json = {}): Promise<number> {
    const text = this.#texts[workflow] ?? '';
    const found = analysisOf({ [workflow]: text }).workflows.get(workflow)?.workflow;
    if (found === undefined) throw new Error(`no workflow ${workflow}`);
    const version = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const { runId } = await daemon.engine.intake.startRun({ workflow, version, text, inputs: JSON.stringify(inputs), now: daemon.clock.now() }, found);
    await this.rest();
    return runId;
  }

  /** Time passes, for all of them. */
  async advance(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
      const byMs = Math.min(stepMs, leftMs);
      this.#elapsedMs += byMs;
      for (const daemon of this.daemons) {
        if (daemon.hangs) daemon.clock.stall(byMs);
        else await daemon.clock.advance(byMs, () => this.rest());
      }
    }
    await this.rest();
  }

  /** Lets everything happen that needs no time. */
  async rest(): Promise<void> {
    const commits = (): number => this.daemons.reduce((sum, { engine }) => sum + engine.commits, 0);
    for (let before = -1; before !== commits();) {
      before = commits();
      for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** As a daemon that isn't one of them would read it. */
  async runDetail(runId: number): Promise<RunDetail | undefined> {
    return new MemoryStore(this.tables, 'reader').getRun({ runId });
  }

  /** How often each input was sent, over all daemons. */
  sent(key: string): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const input of this.daemons.flatMap(({ action }) => action.inputs)) {
      const value = JSON.stringify(input[key] ?? null);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return counts;
  }

  get leaders(): readonly string[] {
    return this.daemons.filter((daemon) => daemon.lives && !daemon.hangs && daemon.engine.membership.leads).map(({ name }) => name);
  }

  dispose(): void {
    for (const daemon of this.daemons) daemon.dispose();
  }
}

function analysisOf(texts: Readonly<Record<string, string>>): ReturnType<typeof analyseProject> {
  return analyseProject(Object.entries(texts).map(([id, text]) => ({ path: `.sluice/workflows/${id}.yaml`, text })), { actions: [new ScriptedAction().definition] });
}
