import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseJobId } from '../../../../schemas/protocol/id.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;

/** How often an attempt meets what; an attempt that is deaf never ends, and is given up. */
const word = fc.oneof(
  { weight: 6, arbitrary: fc.constant('ok') },
  { weight: 5, arbitrary: fc.constantFrom('503', '429:3', '503:2', 'network', 'slow:2') },
  { weight: 3, arbitrary: fc.constantFrom('invalid', '404', 'throw', 'hang', 'deaf') },
);
const script = fc.array(word, { minLength: 1, maxLength: 4 });

const stepOf = fc.record({
  needs: fc.array(fc.nat({ max: 4 }), { maxLength: 2 }),
  condition: fc.option(fc.constantFrom('always()', 'failure()', 'success()'), { freq: 4 }),
  items: fc.option(fc.array(script, { maxLength: 12 })),
  script,
  policy: fc.constantFrom('fail', 'continue'),
  tolerate: fc.constantFrom('0', '1', '30%'),
  queue: fc.constantFrom('rated', 'narrow', 'wide'),
  priority: fc.nat({ max: 9 }),
});

const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('turns' as const), n: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance' as const), n: fc.integer({ min: 1, max: 40_000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'stop' as const, 'trouble' as const), n: fc.nat({ max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('cancelRun' as const, 'cancelJob' as const, 'replay' as const, 'edit' as const, 'discard' as const), n: fc.nat({ max: 1000 }) }) },
);

type Steps = readonly (typeof stepOf extends fc.Arbitrary<infer Value> ? Value : never)[];
type Event = typeof event extends fc.Arbitrary<infer Value> ? Value : never;

const queues = [
  { name: 'rated', rate: { limit: 5, perMs: second, burst: 2 }, concurrency: 3, timeoutMs: 8 * second },
  { name: 'narrow', concurrency: 1, timeoutMs: 5 * second, maxDepth: 4 },
  { name: 'wide', concurrency: 10, timeoutMs: 8 * second },
].map((queue) => ({ ...queue, retry: { backoff: { kind: 'delays' as const, delaysMs: [2 * second, 4 * second] }, jitter: 0 } }));

function workflowOf(steps: Steps, handler: boolean): { readonly text: string; readonly inputs: Record<string, string[] | string[][]> } {
  const inputs: Record<string, string[] | string[][]> = {};
  const lines = steps.map((step, index) => {
    const needs = [...new Set(step.needs.filter((need) => need < index))].map((need) => `s${need}`);
    inputs[`i${index}`] = step.items ?? step.script;
    const own = {
      queue: step.queue,
      priority: step.priority,
      uses: 'test/scripted',
      ...(needs.length === 0 ? {} : { needs }),
      ...(step.condition === null ? {} : { if: step.condition }),
      ...(step.items === null ? {} : { foreach: { items: `\${{ inputs.i${index} }}`, 'on-item-failure': step.policy, tolerate: step.tolerate.endsWith('%') ? step.tolerate : Number(step.tolerate) } }),
      with: { do: step.items === null ? `\${{ inputs.i${index} }}` : '${{ item }}' },
    };
    return `  s${index}: ${JSON.stringify(own)}`;
  });
  const declared = Object.keys(inputs).map((name) => `  ${name}: { type: array }`);
  const failing = handler ? '\non-failure:\n  tell: { uses: test/scripted, with: { do: [503, ok], why: "${{ run.error.message }}" } }' : '';
  return { text: `inputs:\n${declared.join('\n')}\nsteps:\n${lines.join('\n')}${failing}\n`, inputs };
}

class Soak {
  readonly bench = new EngineBench({ graceMs: 3 * second });

  async play(steps: Steps, handler: boolean, events: readonly Event[]): Promise<void> {
    const { bench } = this;
    const { text, inputs } = workflowOf(steps, handler);
    await bench.start(queues);
    // Under way, not at rest: what happens next comes in the middle of it.
    for (let run = 0; run < 2; run++) void bench.run(text, inputs).catch(() => 0);
    for (const one of events) await this.#happen(one);
    await this.#settle();
    await this.#judge();
  }

  async #happen({ kind, n }: Event): Promise<void> {
    const { bench } = this;
    switch (kind) {
      case 'turns':
        for (let turn = 0; turn < n; turn++) await bench.turn();
        return;
      case 'advance':
        return bench.advance(n);
      case 'crash':
        await bench.crash();
        return bench.start();
      case 'stop':
        await bench.stop();
        return bench.start();
      case 'trouble':
        bench.trouble = 'The disk is full.';
        await bench.advance(n * second);
        bench.trouble = undefined;
        return;
      case 'cancelRun':
        return this.#refusable(() => bench.cancelRun(1 + (n % 2)));
      case 'cancelJob':
        return this.#refusable(() => bench.cancelJob(1 + (n % 30)));
      case 'replay':
      case 'edit':
      case 'discard': {
        const { jobs } = await bench.store.listJobs({ state: 'dead', limit: 100 });
        const chosen = parseJobId(jobs[n % Math.max(1, jobs.length)]?.id ?? '');
        if (chosen === undefined) return;
        return this.#refusable(() => (kind === 'discard' ? bench.discard([chosen]) : bench.replay([chosen], kind === 'edit' ? { do: ['503', 'ok'] } : undefined)));
      }
    }
  }

  /** What a person may do too early or too late. */
  async #refusable(action: () => Promise<void>): Promise<void> {
    await action().catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'wrong-state' && code !== 'not-found' && code !== 'store-unavailable') throw error;
    });
  }

  async #settle(): Promise<void> {
    for (let round = 0; round < 6; round++) await this.bench.advance(10 * minute);
  }

  async #judge(): Promise<void> {
    const { bench } = this;
    assert.deepEqual(await bench.faults(), []);
    assert.deepEqual(bench.logged.filter(({ level, message }) => level === 'error' && !/bug|store can/.test(message)), []);
    const { runs } = await bench.store.listRuns({ limit: 10 });
    const known = new Set<string>();
    for (const run of runs) {
      assert.notEqual(run.state, 'running', run.id);
      assert.equal(run.closing, false, run.id);
      for (const { id, state } of await bench.jobs(Number(run.id.slice(1)))) {
        assert.ok(state !== 'pending' && state !== 'delayed' && state !== 'active', `${id} is ${state}`);
        const job = await bench.job(parseJobId(id) ?? 0);
        const keys = new Set(job.revisions.map(({ idempotencyKey }) => idempotencyKey));
        for (const key of keys) known.add(key);
        const effects = bench.action.seen.filter(({ key }) => keys.has(key)).length;
        assert.ok(effects <= job.attempts.length, `${id}: ${effects} effects of ${job.attempts.length} attempts`);
        const succeeded = job.attempts.filter((attempt) => attempt.state === 'succeeded').length;
        assert.equal(succeeded, state === 'succeeded' ? 1 : 0, id);
        assert.deepEqual(job.attempts.map(({ number }) => number), job.attempts.map((_, index) => index + 1), id);
      }
    }
    assert.ok(bench.action.seen.every(({ key }) => known.has(key)), 'every effect has a job and a key that its store knows');
    const deaf = new Set(bench.action.seen.filter(({ input }) => JSON.stringify(input).includes('deaf')).map(({ key }) => key));
    assert.deepEqual([...bench.action.twice].filter((key) => !deaf.has(key)), [], 'no two attempts of a job at once');
  }
}

describe('any workflow, whatever happens to it,', () => {
  it('comes to rest, with nothing stuck, lost, or done twice in one attempt', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepOf, { minLength: 1, maxLength: 6 }), fc.boolean(), fc.array(event, { maxLength: 12 }), async (steps, handler, events) => {
        const soak = new Soak();
        try {
          await soak.play(steps, handler, events);
        } finally {
          await soak.bench.dispose();
        }
      }),
      { numRuns: Number(process.env['SLUICE_SOAK_RUNS'] ?? 60), endOnFailure: process.env['SLUICE_SOAK_RUNS'] === undefined },
    );
  }).timeout(600_000);
});
