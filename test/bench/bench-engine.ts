import { createHash } from 'node:crypto';
import { defaultWebhookSettings } from '../../schemas/workflow/triggers/webhook-trigger.ts';
import path from 'node:path';
import type { Action } from '../../daemon/actions/action.ts';
import type { Clock } from '../../daemon/core/clock.ts';
import { Engine } from '../../daemon/engine/engine.ts';
import { systemClock } from '../../daemon/platform/system-clock.ts';
import { SecretSource } from '../../daemon/secrets/secret-source.ts';
import { openSqliteStore } from '../../daemon/store/sqlite/sqlite-store.ts';
import type { Committed, Store } from '../../daemon/store/store.ts';
import { analyseWorkflow } from '../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import type { Rate } from '../../schemas/workflow/rate.ts';
import { withProject } from './bench-folder.ts';
import { english } from '../../schemas/wording/language.ts';

/** A store that several engines can share, and the clock that it goes by. */
export interface SharedStore {
  readonly store: Store;
  readonly clock: Clock;
}

export interface BenchEngineOptions {
  readonly durability: 'full' | 'normal';
  /** Over that store instead of an embedded one. */
  readonly shared?: (stateFolder: string) => SharedStore;
  /** Of the one queue. */
  readonly rate?: Rate;
  readonly actions: { get(name: string): Action | undefined };
}

const queue = 'measured';
const longMs = 1e12;

/** A real engine over the store that the daemon uses, with one queue. */
export class BenchEngine {
  readonly #engine: Engine;

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Over a new store, which is gone when `work` has ended. */
  static async with<Value>({ durability, actions, shared: makeShared, rate }: BenchEngineOptions, work: (engine: BenchEngine) => Promise<Value>): Promise<Value> {
    return withProject({}, async (folder) => {
      const stateFolder = path.join(folder, '.sluice', 'state');
      const shared = makeShared?.(stateFolder);
      const store = shared?.store ?? openSqliteStore({ file: path.join(stateFolder, 'store.db'), durability });
      const engine = new Engine({
        clock: shared?.clock ?? systemClock,
        random: Math.random,
        store,
        projectFolder: folder,
        stateFolder,
        actions,
        secrets: new SecretSource({ projectFolder: folder, env: {} }),
        log: { info: () => undefined, warn: console.error, error: console.error },
        signalUrl: () => {
          throw new Error('no links are made here');
        },
      });
      await engine.start({
        queues: [{ name: queue, ...(rate === undefined ? {} : { rate }) }],
        doubtful: [],
        whyUndeclared: () => ({ reason: 'gone', files: [] }),
        connections: new Map(),
        connectionsDoubt: undefined,
        declared: () => ({}),
        config: { durability, keepRunsMs: longMs, graceMs: 1000, env: [], webhooks: defaultWebhookSettings, alerts: [] },
        env: {},
      });
      try {
        return await work(new BenchEngine(engine));
      } finally {
        await engine.stop();
        await store.close();
      }
    });
  }

  /** Starts a run of so many items while the queue is paused. Returns how long it takes until all are jobs, in milliseconds. */
  async accept(jobs: number, step: string): Promise<number> {
    this.pause();
    const text = `inputs: { items: { type: array } }\nsteps:\n  each:\n    queue: ${queue}\n    foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }\n${step}`;
    const inputs = JSON.stringify({ items: Array.from({ length: jobs }, (_, index) => index) });
    const accepted = this.#committed(({ expanding }) => expanding.length === 0 && this.#engine.dispatcher.queue(queue).depth.pending >= jobs);
    const startedAtMs = performance.now();
    await this.#engine.intake.startRun(...runOf(text, inputs));
    await accepted;
    return performance.now() - startedAtMs;
  }

  /** Runs all that was accepted. Returns how long that takes, in milliseconds. */
  async run(concurrency: number): Promise<number> {
    const ended = this.#committed(({ runningRuns }) => runningRuns === 0);
    const startedAtMs = performance.now();
    this.resume(concurrency);
    await ended;
    return performance.now() - startedAtMs;
  }

  /** This engine claims nothing. Others on the same store do. */
  pause(): void {
    this.#engine.dispatcher.queue(queue).override({ paused: true });
  }

  resume(concurrency: number): void {
    this.#engine.dispatcher.queue(queue).override({ paused: false, concurrency });
  }

  /** Starts a run of one step; resolves when it has been accepted. */
  async startOne(step: string): Promise<void> {
    await this.#engine.intake.startRun(...runOf(`steps:\n  only:\n    queue: ${queue}\n${step}`, '{}'));
  }

  async #committed(isThere: (committed: Committed) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const end = this.#engine.onCommit((committed) => {
      if (isThere(committed)) resolve(undefined);
    });
    await promise;
    end();
  }
}

const known = new Map<string, Workflow>();

function runOf(text: string, inputs: string): Parameters<Engine['intake']['startRun']> {
  let workflow = known.get(text);
  if (workflow === undefined) {
    const analysis = analyseWorkflow({ text, id: 'bench', actions: 'any' });
    if (analysis.workflow === undefined) throw new Error(english.paragraphOf(analysis.diagnostics.map(({ message }) => message)));
    workflow = analysis.workflow;
    known.set(text, workflow);
  }
  const version = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return [{ workflow: 'bench', version, text, inputs, now: Date.now() }, workflow];
}
