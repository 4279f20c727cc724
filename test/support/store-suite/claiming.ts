import assert from 'node:assert/strict';
import type { StoreBench } from './store-bench.ts';

export function describeClaiming(bench: () => StoreBench): void {
  it('claims by priority, then due time, then age', async () => {
    const store = bench();
    const low = await store.one('default', ', priority: 2');
    const early = await store.one();
    const late = await store.one();
    const high = await store.one('default', ', priority: 8');
    const [first] = await store.claim(1);
    assert.equal(first?.runId, high);
    await store.retryIn(first, 1000);
    store.now += 10;
    const younger = await store.one('default', ', priority: 8');
    store.now += 1000;
    assert.deepEqual((await store.claim(3)).map((job) => job.runId), [younger, high, early]);
    assert.deepEqual((await store.claim()).map((job) => job.runId), [late, low]);
    assert.deepEqual(await store.claim(), []);
  });

  it('takes no more than asked for, and only from that queue', async () => {
    const store = bench();
    for (let count = 0; count < 5; count++) await store.one('mine');
    await store.one('other');
    assert.equal((await store.claim(3, 'mine')).length, 3);
    assert.equal((await store.claim(9, 'mine')).length, 2);
    assert.deepEqual(await store.claim(9, 'unheard_of'), []);
    assert.deepEqual(store.depth('mine'), { pending: 0, delayed: 0, active: 5, dead: 0 });
    assert.deepEqual(store.depth('other'), { pending: 1, delayed: 0, active: 0, dead: 0 });
  });

  it('hands out what an attempt needs', async () => {
    const store = bench();
    const runId = await store.run('steps:\n  call: { uses: test/scripted, with: { n: 7, key: "${{ secrets.KEY }}" } }\n');
    const job = await store.next();
    assert.deepEqual(
      { runId: job.runId, step: job.step, attempt: job.attempt, tries: job.tries, throttles: job.throttles, revision: job.revision, createdAt: job.createdAt },
      { runId, step: 'call', attempt: 1, tries: 0, throttles: 0, revision: 1, createdAt: store.now },
    );
    assert.equal((JSON.parse(job.payload) as { n: number }).n, 7);
    assert.match(job.secrets ?? '', /KEY/);
    const version = await store.store.workflowVersion({ version: job.version });
    assert.equal(version?.workflow, 'test');
    assert.match(version.text, /secrets\.KEY/);
    assert.equal(await store.store.workflowVersion({ version: 'none' }), undefined);
  });

  it('passes over the jobs of steps that it is told, of any run, and finds the others behind them', async () => {
    const store = bench();
    const text = 'steps:\n  one: { uses: test/scripted, with: { n: 1 }, priority: 8 }\n  two: { uses: test/scripted, with: { n: 2 } }\n';
    await store.run(text);
    await store.run(text);
    const other = await store.one();
    const [first] = await store.claim(1);
    assert.equal(first?.step, 'one');
    await store.settle(first, { kind: 'returned' });
    const claim = async (steps: readonly string[]) => (await store.store.claim({ queue: 'default', limit: 10, now: store.now, passing: steps.map((step) => ({ version: first.version, step })) })).jobs;
    const rest = await claim(['one']);
    assert.deepEqual(rest.map(({ step, attempt }) => [step, attempt]), [['two', 1], ['two', 1], ['only', 1]]);
    assert.equal(rest.at(-1)?.runId, other);
    assert.deepEqual(await claim(['one', 'two']), []);
    assert.deepEqual((await claim(['two'])).map(({ step, attempt }) => [step, attempt]), [['one', 1], ['one', 1]], 'nothing has happened to them');
  });

  it('claims what was delayed once it is due, and not before', async () => {
    const store = bench();
    await store.one();
    await store.retryIn(await store.next(), 5000);
    assert.equal(store.last.nextDueAt, store.now + 5000);
    store.now += 4999;
    assert.deepEqual(await store.claim(), []);
    store.now += 1;
    const again = await store.next();
    assert.deepEqual([again.attempt, again.tries], [2, 1]);
    assert.equal(store.last.nextDueAt, undefined);
  });

  it('makes pending what is due, when told to', async () => {
    const store = bench();
    for (const delayMs of [1000, 2000]) {
      await store.one();
      await store.retryIn(await store.next(), delayMs);
    }
    assert.deepEqual(store.depth(), { pending: 0, delayed: 2, active: 0, dead: 0 });
    const due = store.last.nextDueAt;
    store.now += 1000;
    assert.equal(due, store.now);
    await store.store.promote({ now: store.now });
    assert.deepEqual(store.depth(), { pending: 1, delayed: 1, active: 0, dead: 0 });
    assert.equal(store.last.nextDueAt, store.now + 1000);
  });

  it('finds in the same turn what an outcome has made to do', async () => {
    const store = bench();
    await store.run('steps:\n  a: { uses: test/scripted, with: {} }\n  b: { needs: [a], uses: test/scripted, with: {} }\n');
    const first = await store.next();
    const [, claimed] = await Promise.all([store.succeed(first), store.claim()]);
    assert.deepEqual(claimed.map((job) => job.step), ['b']);
  });

  it('keeps the starts of a rated queue over a restart, as long as they matter', async () => {
    const store = bench();
    for (let count = 0; count < 4; count++) await store.one('rated');
    const start = async (offsets: number[]): Promise<void> => {
      const startAts = offsets.map((offset) => store.now + offset);
      await store.store.claim({ queue: 'rated', limit: offsets.length, now: store.now, startAts, keepStartsMs: 60_000 });
    };
    const began = store.now;
    await start([0, 12.5]);
    const starts = async () => (await store.crash()).queues.find((queue) => queue.name === 'rated')?.starts;
    assert.deepEqual(await starts(), [
      { at: began, endedAt: began, isCutOff: true },
      { at: began + 12.5, endedAt: began, isCutOff: true },
    ]);
    store.now += 60_005;
    await start([0]);
    assert.deepEqual(await starts(), [
      { at: began + 12.5, endedAt: began, isCutOff: true },
      { at: store.now, endedAt: store.now, isCutOff: true },
    ]);
  });

  it('keeps what a queue was told: pauses, rates, concurrency, holds and its declaration', async () => {
    const store = bench();
    const rate = { limit: 50, perMs: 60_000, burst: 5 };
    const queue = 'kept';
    const definition = { name: queue, maxDepth: 10, priority: 7 };
    const kept = async () => {
      const { queues } = await store.crash([definition]);
      return queues.find(({ name }) => name === queue);
    };
    await store.store.configure({ queues: [definition], env: {} });
    await store.store.setQueue({ queue, paused: true, rate, concurrency: 3 });
    await store.one(queue);
    const hold = { until: store.now + 500, by: { jobId: 1, cause: '429 Too Many Requests', retryAfterMs: 500, at: store.now } };
    await store.settle(await store.next(queue), { kind: 'interrupted' }, { hold });
    assert.deepEqual(await kept(), { name: queue, paused: true, definition, rate, concurrency: 3, hold, starts: [] });
    await store.store.setQueue({ queue, paused: false, rate: 'none' });
    assert.deepEqual(await kept(), { name: queue, paused: false, definition, rate: 'none', concurrency: 3, hold, starts: [] });
    await store.store.setQueue({ queue, rate: 'file', concurrency: 'file' });
    assert.deepEqual(await kept(), { name: queue, paused: false, definition, hold, starts: [] });
    await store.store.setQueue({ queue, hold: null });
    assert.deepEqual(await kept(), { name: queue, paused: false, definition, starts: [] }, 'a hold that was lifted stays so');
    assert.deepEqual(await store.store.configure({ queues: [], env: {} }), { queues: [definition], connections: [] }, 'what is no longer declared still holds');
    assert.deepEqual((await store.crash([])).queues.find(({ name }) => name === queue)?.definition, definition);
    assert.deepEqual(await store.store.forgetLimits({ queue, onlyEmpty: true }), { forgotten: false }, 'not while a job is in it');
    assert.deepEqual(await store.store.forgetLimits({ queue }), { forgotten: true });
    assert.deepEqual((await store.crash([])).queues.find(({ name }) => name === queue)?.definition, { name: queue });
  });

  it('tells since when the pending job that has waited longest in each queue is due', async () => {
    const store = bench();
    const began = store.now;
    await store.one('a', ', priority: 2');
    store.now += 1000;
    await store.one('a', ', priority: 8');
    await store.one('b');
    assert.deepEqual(await store.store.oldestPending(), { a: began, b: began + 1000 });
    const [job] = await store.claim(9, 'b');
    assert.ok(job);
    assert.deepEqual(await store.store.oldestPending(), { a: began });
    await store.retryIn(job, 7000);
    store.now += 9000;
    await store.store.promote({ now: store.now });
    assert.deepEqual(await store.store.oldestPending(), { a: began, b: store.now - 2000 }, 'not since it was made');
  });

  it('tells how many jobs come before one, in the order in which they are claimed', async () => {
    const store = bench();
    const ids: number[] = [];
    for (const priority of [5, 5, 1, 8, 8]) {
      ids.push(...(await store.ids(await store.one('a', `, priority: ${priority}`))));
      store.now += 1000;
    }
    await store.one('b', ', priority: 9');
    const ahead = (most = 100): Promise<number[]> => Promise.all(ids.map(async (jobId) => (await store.store.jobsAhead({ jobId, most })).ahead));
    assert.deepEqual(await ahead(), [2, 3, 4, 0, 1]);
    assert.deepEqual(await ahead(2), [2, 2, 2, 0, 1], 'no more are counted than are asked for');
    const [first] = await store.claim(1, 'a');
    assert.equal(first?.jobId, ids[3]);
    assert.deepEqual(await ahead(), [1, 2, 3, 0, 0]);
    assert.deepEqual(await store.store.jobsAhead({ jobId: 999_999, most: 9 }), { ahead: 0 });
  });
}
