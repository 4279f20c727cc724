import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ClaimedJob } from '../../../daemon/store/store.ts';
import { isJobEnded, type JobState } from '../../../schemas/protocol/id.ts';
import { fanOut, numbers, StoreBench, type StoreInFolder } from './store-bench.ts';

/** `at` picks one of what there is. */
type Operation =
  | { readonly kind: 'run'; readonly items: number; readonly fail: boolean }
  | { readonly kind: 'claim'; readonly limit: number }
  | { readonly kind: 'settle'; readonly at: number; readonly how: 'succeed' | 'die' | 'retry' | 'throttle' | 'interrupt' | 'wait'; readonly late: boolean }
  | { readonly kind: 'fanOut' | 'cascade'; readonly limit: number }
  | { readonly kind: 'cancel-run' | 'cancel-job' | 'replay' | 'discard' | 'draft' | 'recall'; readonly at: number }
  | { readonly kind: 'wait' | 'crash' };

const at = fc.nat(30);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('run' as const), items: fc.nat(6), fail: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('claim' as const), limit: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      at,
      how: fc.constantFrom('succeed', 'succeed', 'die', 'retry', 'throttle', 'interrupt', 'wait'),
      late: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('fanOut' as const, 'cascade' as const), limit: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('cancel-run' as const, 'cancel-job' as const, 'replay' as const, 'replay' as const, 'discard' as const, 'draft' as const, 'recall' as const), at }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('wait' as const, 'crash' as const) }) },
);

/** What must hold of jobs, without what makes it so: their states by number, and which attempt each is at. */
class Oracle {
  readonly states = new Map<number, JobState>();
  readonly attempts = new Map<number, number>();
  readonly underWay = new Map<number, ClaimedJob>();
  readonly past: ClaimedJob[] = [];
  readonly outcomes = new Map<number, number>();
  readonly runs: number[] = [];
  interrupted = 0;

  pick(state: JobState, index: number): number | undefined {
    const ids = [...this.states].filter(([, one]) => one === state).map(([id]) => id);
    return ids[index % Math.max(1, ids.length)];
  }
}

/** The moves that a job may be seen to have made between two looks; several at once, because one call may cause a chain. */
const following: Readonly<Record<JobState, readonly JobState[]>> = {
  // Dead: a replay that is taken back.
  pending: ['active', 'cancelled', 'dead'],
  // Succeeded: what it waited for has come.
  delayed: ['pending', 'active', 'succeeded', 'cancelled', 'dead'],
  active: ['succeeded', 'dead', 'delayed', 'pending', 'cancelled'],
  succeeded: [],
  dead: ['pending', 'delayed', 'discarded'],
  cancelled: ['pending', 'active'],
  discarded: [],
};

export function describeModel(open: StoreInFolder, numRuns: number): void {
  it('loses nothing, counts right, and leaves no run with nothing that moves it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 60 }), async (operations) => {
        const bench = new StoreBench(open);
        try {
          await bench.open();
          const oracle = new Oracle();
          for (const one of operations) {
            await perform(bench, oracle, one);
            await compare(bench, oracle);
          }
          await bench.assertSound();
          await drain(bench, oracle);
        } finally {
          await bench.dispose();
        }
      }),
      { numRuns },
    );
  });
}

async function perform(bench: StoreBench, oracle: Oracle, operation: Operation): Promise<void> {
  const { store, now } = bench;
  switch (operation.kind) {
    case 'run':
      oracle.runs.push(await bench.run(fanOut(`on-item-failure: ${operation.fail ? 'fail' : 'continue'}, tolerate: 1`), { list: numbers(operation.items) }));
      return;
    case 'claim':
      for (const job of await bench.claim(operation.limit)) {
        assert.ok(!oracle.underWay.has(job.jobId), 'no second attempt while the first is alive');
        assert.ok(job.attempt > (oracle.attempts.get(job.jobId) ?? 0), 'attempts are numbered upwards');
        oracle.attempts.set(job.jobId, job.attempt);
        oracle.underWay.set(job.jobId, job);
      }
      return;
    case 'settle':
      await settle(bench, oracle, operation);
      return;
    case 'fanOut':
      for (const { stepId } of bench.last.expanding) await store.fanOut({ stepId, now, limit: operation.limit });
      return;
    case 'cascade':
      await store.cascade({ now, limit: operation.limit });
      return;
    case 'cancel-run': {
      const runId = oracle.runs[operation.at % Math.max(1, oracle.runs.length)];
      if (runId !== undefined) await unlessWrongState(store.cancelRun({ runId, now }));
      return;
    }
    case 'cancel-job': {
      const jobId = [...oracle.states.keys()][operation.at % Math.max(1, oracle.states.size)];
      if (jobId !== undefined) await unlessWrongState(store.cancelJob({ jobId, now }));
      return;
    }
    case 'replay': {
      const jobId = oracle.pick('dead', operation.at);
      if (jobId !== undefined) await unlessWrongState(store.replay({ jobIds: [jobId], now, dueAts: [now + (operation.at % 2) * 500] }));
      return;
    }
    case 'discard': {
      const jobId = oracle.pick('dead', operation.at);
      if (jobId !== undefined) await store.discard({ jobIds: [jobId], now });
      return;
    }
    case 'draft': {
      const jobId = oracle.pick('dead', operation.at);
      if (jobId !== undefined) await store.saveDraft({ jobId, payload: JSON.stringify({ edited: operation.at }), now });
      return;
    }
    case 'recall': {
      const jobId = oracle.pick(operation.at % 2 === 0 ? 'delayed' : 'pending', operation.at);
      if (jobId !== undefined) await unlessWrongState(store.recall({ jobIds: [jobId], now, tried: operation.at % 3 === 0 }));
      return;
    }
    case 'wait':
      bench.now += 1000;
      await store.promote({ now: bench.now });
      return;
    case 'crash': {
      const { interrupted } = await bench.crash();
      assert.equal(interrupted, oracle.underWay.size, 'attempts that were on disk are closed');
      oracle.past.push(...oracle.underWay.values());
      oracle.underWay.clear();
    }
  }
}

async function settle(bench: StoreBench, oracle: Oracle, { at: index, how, late }: Operation & { readonly kind: 'settle' }): Promise<void> {
  if (late) {
    const job = oracle.past[index % Math.max(1, oracle.past.length)];
    if (job !== undefined) assert.deepEqual(await bench.succeed(job), { accepted: false });
    return;
  }
  const job = [...oracle.underWay.values()][index % Math.max(1, oracle.underWay.size)];
  if (job === undefined) return;
  oracle.underWay.delete(job.jobId);
  oracle.past.push(job);
  const answer = {
    succeed: () => bench.succeed(job),
    die: () => bench.die(job),
    retry: () => bench.retryIn(job, 500),
    throttle: () => bench.retryIn(job, 500, false),
    wait: () => bench.settle(job, { kind: 'wait', wait: { for: 'time', until: bench.now + 500 } }),
    interrupt: () => bench.settle(job, { kind: 'interrupted' }),
  }[how];
  assert.deepEqual(await answer(), { accepted: true });
}

async function unlessWrongState(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'wrong-state')) throw error;
  });
}

/** No job is gone or has moved as none may, and those under way are exactly those that were claimed. */
async function compare(bench: StoreBench, oracle: Oracle): Promise<void> {
  const { jobs } = await bench.store.listJobs({ limit: 1000 });
  const seen = new Map(jobs.map((job) => [Number(job.id.slice(1)), job]));
  for (const [id, before] of oracle.states) {
    const state = seen.get(id)?.state;
    assert.ok(state !== undefined, `j${id} is gone`);
    assert.ok(state === before || following[before].includes(state), `j${id} went from ${before} to ${state}`);
  }
  for (const [id, job] of seen) {
    oracle.states.set(id, job.state);
    assert.equal(job.state === 'active', oracle.underWay.has(id), `j${id} is ${job.state}`);
    assert.equal(job.attemptCount, oracle.attempts.get(id) ?? 0, `attempts of j${id}`);
    assert.equal(job.endedAt !== undefined, isJobEnded(job.state), `j${id} is ${job.state}`);
  }
}

/** With nothing but time and success, everything comes to an end. */
async function drain(bench: StoreBench, oracle: Oracle): Promise<void> {
  for (const job of oracle.underWay.values()) await bench.succeed(job);
  for (let round = 0; round < 20; round++) {
    await bench.cascade();
    await bench.fanOut(2);
    bench.now += 400_000;
    const jobs = await bench.claim();
    for (const job of jobs) await bench.succeed(job);
    if (jobs.length === 0 && !bench.last.cascading && bench.last.expanding.length === 0) break;
  }
  await bench.assertSound();
  const { runs } = await bench.store.listRuns({ state: 'running', limit: 10 });
  assert.deepEqual(runs, []);
  assert.equal(bench.last.runningRuns, 0);
  const { pending, delayed, active } = bench.depth();
  assert.deepEqual([pending, delayed, active], [0, 0, 0]);
}
