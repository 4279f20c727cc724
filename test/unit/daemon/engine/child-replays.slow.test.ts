import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JobDetail } from '../../../../schemas/protocol/job.ts';
import type { RunSummary } from '../../../../schemas/protocol/run.ts';
import { parseJobId, parseRunId } from '../../../../schemas/protocol/id.ts';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

/** How an effect goes, attempt by attempt. */
const script = fc.array(fc.constantFrom('ok', '404', 'slow:3'), { maxLength: 3 }).map((words) => [...words, 'ok']);

const shape = fc.record({
  /** The effects of each inner run, and before it. */
  effects: fc.array(script, { minLength: 1, maxLength: 3 }),
  before: script,
  children: fc.integer({ min: 1, max: 3 }),
  policy: fc.constantFrom('continue', 'fail'),
  innerPolicy: fc.constantFrom('continue', 'fail'),
});

const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), n: fc.integer({ min: 1, max: 4000 }), mask: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('turns' as const), n: fc.integer({ min: 1, max: 12 }), mask: fc.constant(0) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('replay' as const, 'bulk' as const), n: fc.nat({ max: 5 }), mask: fc.nat({ max: 2 ** 10 - 1 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('later' as const, 'recall' as const, 'discard' as const, 'cancelRun' as const, 'cancelJob' as const, 'crash' as const), n: fc.nat({ max: 40 }), mask: fc.nat({ max: 2 ** 10 - 1 }) }) },
);

type Shape = typeof shape extends fc.Arbitrary<infer Value> ? Value : never;
type Event = typeof event extends fc.Arbitrary<infer Value> ? Value : never;

/** A run whose jobs start runs, whose job starts a run: three levels. */
class Family {
  readonly bench = new EngineBench();
  readonly #shape: Shape;

  constructor(given: Shape) {
    this.#shape = given;
  }

  async begin(): Promise<void> {
    const { bench } = this;
    const { effects, before, children, policy, innerPolicy } = this.#shape;
    bench.workflows.set('inner', `queues: { q: { concurrency: 2, retry: none } }\nsteps:\n  do: { queue: q, uses: test/scripted, foreach: { items: "\${{ ${JSON.stringify(effects).replaceAll('"', "'")} }}", on-item-failure: ${innerPolicy} }, with: { do: "\${{ item }}" } }\n`);
    bench.workflows.set('middle', `queues: { q: { concurrency: 2, retry: none } }\nsteps:\n  first: { queue: q, uses: test/scripted, with: { do: ${JSON.stringify(before)} } }\n  start: { needs: [first], queue: q, uses: workflow/run, with: { workflow: inner } }\n  last: { needs: [start], queue: q, uses: test/scripted, with: { do: ok } }\n`);
    await bench.start([{ name: 'q', concurrency: 3, retry: { backoff: { kind: 'delays', delaysMs: [] }, jitter: 0 } }]);
    await bench.run(`queues: { q: { concurrency: 3, retry: none } }\nsteps:\n  each: { queue: q, uses: workflow/run, foreach: { items: "\${{ ${JSON.stringify(Array.from({ length: children }, (_, index) => index))} }}", on-item-failure: ${policy} }, with: { workflow: middle } }\n`);
  }

  async happen({ kind, n, mask }: Event): Promise<void> {
    const { bench } = this;
    const dead = async (): Promise<number[]> => (await bench.store.listJobs({ state: 'dead', limit: 100 })).jobs.flatMap(({ id }) => parseJobId(id) ?? []);
    const some = async (): Promise<number[]> => (await dead()).filter((_, index) => (mask >> index) % 2 === 1);
    await bench.advance(1);
    switch (kind) {
      case 'advance':
        return bench.advance(n);
      case 'turns':
        for (let turn = 0; turn < n; turn++) await bench.turn();
        return;
      case 'replay': {
        const ids = await some();
        return ids.length === 0 ? undefined : refusable(() => bench.replay(ids));
      }
      case 'later': {
        const jobIds = await some();
        const now = bench.clock.now();
        return jobIds.length === 0 ? undefined : refusable(() => bench.store.replay({ jobIds, now, dueAts: jobIds.map((_, index) => now + (index + 1) * second), pace: now }));
      }
      case 'bulk': {
        const jobIds = await some();
        if (jobIds.length === 0) return;
        const now = bench.clock.now();
        const { bulkId } = await bench.store.prepareBulk({ request: { action: 'replay' }, jobIds, last: true, now });
        for (let more = true; more;) {
          ({ more } = await bench.store.advanceBulk({ bulkId, limit: 1 + n, now: bench.clock.now() }));
          await bench.turn();
        }
        return bench.rest();
      }
      case 'recall': {
        const { jobs } = await bench.store.listJobs({ limit: 100 });
        const id = parseJobId(jobs[n % Math.max(1, jobs.length)]?.id ?? '');
        return id === undefined ? undefined : refusable(() => bench.store.recall({ jobIds: [id], now: bench.clock.now() }));
      }
      case 'discard': {
        const [id] = await some();
        return id === undefined ? undefined : refusable(() => bench.discard([id]));
      }
      case 'cancelRun': {
        const { runs } = await bench.store.listRuns({ limit: 100 });
        const run = runs[n % runs.length];
        return refusable(() => bench.cancelRun(parseRunId(run?.id ?? '') ?? 0));
      }
      case 'cancelJob': {
        const { jobs } = await bench.store.listJobs({ limit: 100 });
        const id = parseJobId(jobs[n % Math.max(1, jobs.length)]?.id ?? '');
        return id === undefined ? undefined : refusable(() => bench.cancelJob(id));
      }
      case 'crash':
        await bench.crash();
        return bench.start();
    }
  }

  /** Everything that can be replayed is, until nothing is left. */
  async finish(): Promise<void> {
    const { bench } = this;
    await bench.advance(60 * second);
    for (let round = 0; round < 25; round++) {
      const { jobs } = await bench.store.listJobs({ state: 'dead', limit: 1000 });
      const jobIds = jobs.flatMap(({ id }) => parseJobId(id) ?? []);
      if (jobIds.length === 0) return;
      const { bulkId } = await bench.store.prepareBulk({ request: { action: 'replay' }, jobIds, last: true, now: bench.clock.now() });
      for (let more = true; more;) ({ more } = await bench.store.advanceBulk({ bulkId, limit: 1 + (round % 3), now: bench.clock.now() }));
      await bench.advance(60 * second);
      const [bulk] = (await bench.store.listBulks()).filter(({ id }) => id === `b${bulkId}`);
      if (bulk?.done === 0) return;
    }
    assert.fail('there is always something to replay');
  }

  async judge(): Promise<void> {
    const { bench } = this;
    assert.deepEqual(await bench.faults(), []);
    const { runs } = await bench.store.listRuns({ limit: 1000 });
    assert.deepEqual(runs.filter(({ state, closing }) => state === 'running' || closing).map(({ id }) => id), [], 'nothing is under way');
    const jobs = new Map<string, JobDetail[]>();
    for (const { id } of runs) {
      const details = [];
      for (const { id: job } of await bench.jobs(parseRunId(id) ?? 0)) details.push(await bench.job(parseJobId(job) ?? 0));
      jobs.set(id, details);
    }
    const childrenOf = Map.groupBy(runs.toReversed(), ({ trigger }) => ('job' in trigger ? trigger.job : undefined));
    const attemptsIn = (run: RunSummary): string[] => (jobs.get(run.id) ?? []).flatMap((job) => [...job.attempts.map(({ startedAt }) => startedAt), ...(childrenOf.get(job.id) ?? []).flatMap(attemptsIn)]);
    const byId = new Map([...jobs.values()].flat().map((job) => [job.id, job]));
    for (const [starter, children] of childrenOf) {
      for (const [index, child] of children.entries()) {
        const next = children[index + 1];
        if (next === undefined || starter === undefined) continue;
        const late = attemptsIn(child).filter((at) => at > next.createdAt);
        assert.deepEqual(late, [], `${child.id} went on after ${next.id} was started in its place`);
      }
    }
    // What is a dead letter still belongs to a run in whose place another one was started, or above which somebody has ended something.
    const isSuperseded = (runId: string): boolean => {
      const run = runs.find(({ id }) => id === runId);
      const starter = run !== undefined && 'job' in run.trigger ? run.trigger.job : undefined;
      if (starter === undefined) return false;
      return childrenOf.get(starter)?.at(-1)?.id !== runId || isSuperseded(byId.get(starter)?.run ?? '');
    };
    const left = [...byId.values()].filter(({ state, run }) => state === 'dead' && !isSuperseded(run));
    assert.deepEqual(left.map(({ id, error }) => [id, error?.message]), [], 'a dead letter that can not be replayed');
  }
}

async function refusable(action: () => Promise<unknown>): Promise<void> {
  await action().catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'wrong-state' && code !== 'not-found') throw error;
  });
}

describe('a failed child run, whatever is replayed, cancelled or discarded around it,', () => {
  it('is gone on with, or another one is started in its place, and never both; and nothing of it is lost', async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.array(event, { maxLength: 25 }), async (given, events) => {
        const family = new Family(given);
        try {
          await family.begin();
          for (const one of events) await family.happen(one);
          await family.finish();
          await family.judge();
        } finally {
          await family.bench.dispose();
        }
      }),
      { numRuns: Number(process.env['SLUICE_SOAK_RUNS'] ?? 60), endOnFailure: process.env['SLUICE_SOAK_RUNS'] === undefined },
    );
  }).timeout(600_000);
});
