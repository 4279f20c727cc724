import assert from 'node:assert/strict';
import { fanOut, numbers, type StoreBench } from './store-bench.ts';

export function describeReplaying(bench: () => StoreBench): void {
  const deadJob = async (): Promise<{ readonly run: number; readonly jobId: number }> => {
    const run = await bench().run('steps:\n  a: { uses: test/scripted, with: { n: 1 } }\n  b: { needs: [a], uses: test/scripted, with: {} }\n  c: { needs: [b], uses: test/scripted, with: {} }\n');
    const job = await bench().next();
    await bench().die(job);
    return { run, jobId: job.jobId };
  };

  it('gives a dead letter a new round, and opens the step, the run and what was skipped when it succeeds', async () => {
    const store = bench();
    const { run, jobId } = await deadJob();
    const { idempotencyKey } = await store.job(jobId);
    assert.deepEqual(await store.store.replay({ jobIds: [jobId], now: store.now }), { replayed: [jobId], edited: 0 });
    assert.deepEqual(await store.states(run), { run: 'failed', a: 'failed', b: 'skipped', c: 'skipped' }, 'not before');
    const again = await store.next();
    assert.deepEqual([again.jobId, again.attempt, again.tries, again.revision], [jobId, 2, 0, 1]);
    await store.succeed(again);
    assert.deepEqual(await store.states(run), { run: 'running', a: 'succeeded', b: 'running', c: 'waiting' });
    assert.equal((await store.runDetail(run)).error, undefined);
    for (const _step of ['b', 'c']) await store.succeed(await store.next());
    assert.equal((await store.states(run))['run'], 'succeeded');
    const job = await store.job(jobId);
    assert.equal(job.idempotencyKey, idempotencyKey);
    assert.deepEqual(job.attempts.map(({ number, round, state }) => [number, round, state]), [[1, 1, 'failed'], [2, 2, 'succeeded']]);
  });

  it('is a dead letter again where it dies again, and the run stays failed', async () => {
    const store = bench();
    const { run, jobId } = await deadJob();
    assert.equal((await store.job(jobId)).replays, undefined, 'never replayed yet');
    await store.store.replay({ jobIds: [jobId], now: store.now });
    assert.equal((await store.job(jobId)).replays, 1);
    await store.die(await store.next());
    await store.store.replay({ jobIds: [jobId], now: store.now });
    await store.die(await store.next());
    assert.equal((await store.job(jobId)).replays, 2);
    assert.deepEqual(await store.states(run), { run: 'failed', a: 'failed', b: 'skipped', c: 'skipped' });
    assert.deepEqual(store.depth(), { pending: 0, delayed: 0, active: 0, dead: 1 });
  });

  it('keeps what an edit replaced, and gives the edited payload a key of its own', async () => {
    const store = bench();
    const { jobId } = await deadJob();
    const before = await store.job(jobId);
    await store.store.replay({ jobIds: [jobId], now: store.now, payload: '{"n":2}' });
    const again = await store.next();
    assert.deepEqual([again.payload, again.revision], ['{"n":2}', 2]);
    const after = await store.job(jobId);
    assert.notEqual(after.idempotencyKey, before.idempotencyKey);
    assert.deepEqual(after.revisions.map(({ revision, payload, idempotencyKey }) => [revision, payload, idempotencyKey]), [
      [1, { n: 1 }, before.idempotencyKey],
      [2, { n: 2 }, after.idempotencyKey],
    ]);
    assert.deepEqual(after.attempts.map(({ revision }) => revision), [1, 2]);
  });

  const replayedSlowly = async (count: number): Promise<number[]> => {
    const store = bench();
    await store.run('inputs: { list: { type: array } }\nsteps:\n  each: { uses: test/scripted, foreach: { items: "${{ inputs.list }}", on-item-failure: continue }, with: {} }\n', { list: numbers(count) });
    await store.fanOut();
    const dead: number[] = [];
    for (let index = 0; index < count; index++) {
      const job = await store.next();
      await store.die(job);
      dead.push(job.jobId);
    }
    const { now } = store;
    await store.store.replay({ jobIds: dead, now, pace: now, dueAts: dead.map((_, index) => now + index * 1000) });
    return dead;
  };
  /** What is due becomes pending meanwhile. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      bench().now += 1000;
      await bench().store.claim({ queue: 'elsewhere', limit: 1, now: bench().now });
    }
  };
  const dueNow = async (): Promise<number> => {
    const { jobs } = await bench().store.claim({ queue: 'default', limit: 100, now: bench().now });
    for (const job of jobs) await bench().succeed(job);
    return jobs.length;
  };

  it('keeps the distances of a slow one after a time in which nothing could be due', async () => {
    const store = bench();
    await replayedSlowly(10);
    assert.equal(await dueNow(), 1);
    store.now += 1000;
    assert.equal(await dueNow(), 1);
    store.now += 3_600_000;
    await store.crash();
    for (let second = 0; second < 8; second++) {
      assert.equal(await dueNow(), 1, `${second} s after the start`);
      store.now += 999;
      assert.equal(await dueNow(), 0);
      store.now++;
    }
    assert.deepEqual(store.depth(), { pending: 0, delayed: 0, active: 0, dead: 0 });
  });

  it('keeps the distances of a slow one over a pause, and those of others alone', async () => {
    const store = bench();
    await store.store.setQueue({ queue: 'default', paused: true });
    await replayedSlowly(5);
    await store.one();
    await pass(60);
    assert.deepEqual(store.depth(), { pending: 6, delayed: 0, active: 0, dead: 0 }, 'all of them have become due (control)');
    await store.store.setQueue({ queue: 'default', paused: false });
    assert.equal(await dueNow(), 2, 'the first of them, and the job of another run');
    for (let second = 0; second < 4; second++) {
      store.now += 1000;
      assert.equal(await dueNow(), 1);
    }
    assert.equal(await dueNow(), 0);
  });

  it('keeps the distances of a slow one over a hold', async () => {
    const store = bench();
    await store.one();
    const held = await store.next();
    await replayedSlowly(5);
    await store.settle(held, { kind: 'interrupted' }, { hold: { until: store.now + 60_000 } });
    await pass(60);
    assert.deepEqual(store.depth(), { pending: 6, delayed: 0, active: 0, dead: 0 }, 'all of them have become due (control)');
    assert.equal(await dueNow(), 2, 'the first of them, and the job that was interrupted');
    for (let second = 0; second < 4; second++) {
      assert.equal(await dueNow(), 0);
      store.now += 1000;
      assert.equal(await dueNow(), 1);
    }
    assert.equal(await dueNow(), 0);
  });

  it('spreads many over the times that it is given', async () => {
    const store = bench();
    const dead = [await deadJob(), await deadJob(), await deadJob()].map(({ jobId }) => jobId);
    const at = store.now;
    await store.store.replay({ jobIds: dead, now: at, dueAts: [at, at + 1000, at + 2000] });
    assert.deepEqual(store.depth(), { pending: 1, delayed: 2, active: 0, dead: 0 });
    for (const jobId of dead) {
      assert.deepEqual((await store.claim()).map((job) => job.jobId), [jobId]);
      store.now += 1000;
    }
  });

  it('replays and discards all that are named or none, and each once', async () => {
    const store = bench();
    const { jobId } = await deadJob();
    await store.one();
    const { jobId: active } = await store.next();
    for (const method of [store.store.replay, store.store.discard]) {
      await assert.rejects(method({ jobIds: [jobId, active], now: store.now }), { code: 'wrong-state' });
      await assert.rejects(method({ jobIds: [jobId, 999], now: store.now }), { code: 'not-found' });
    }
    await assert.rejects(store.store.replay({ jobIds: [jobId, (await deadJob()).jobId], now: store.now, payload: '{}' }), { code: 'invalid-params' });
    assert.equal((await store.job(jobId)).state, 'dead');
    assert.deepEqual(await store.store.replay({ jobIds: [jobId, jobId], now: store.now }), { replayed: [jobId], edited: 0 });
    await store.die(await store.next());
    assert.deepEqual(await store.store.discard({ jobIds: [jobId, jobId], now: store.now }), { discarded: [jobId] });
    assert.deepEqual(store.depth(), { pending: 0, delayed: 0, active: 1, dead: 1 });
  });

  it('discards for good: the step stays failed', async () => {
    const store = bench();
    const { run, jobId } = await deadJob();
    await store.store.discard({ jobIds: [jobId], now: store.now });
    assert.deepEqual(await store.states(run), { run: 'failed', a: 'failed', b: 'skipped', c: 'skipped' });
    await assert.rejects(store.store.replay({ jobIds: [jobId], now: store.now }), { code: 'wrong-state' });
  });

  it('keeps why dead letters were discarded, over a new start too', async () => {
    const store = bench();
    const [one, other, third] = [await deadJob(), await deadJob(), await deadJob()];
    await store.store.discard({ jobIds: [one.jobId, other.jobId], now: store.now, reason: 'made by hand; "as agreed"' });
    await store.store.discard({ jobIds: [third.jobId], now: store.now });
    await store.crash();
    const reasons = await Promise.all([one, other, third].map(async ({ jobId }) => (await store.job(jobId)).discardReason));
    assert.deepEqual(reasons, ['made by hand; "as agreed"', 'made by hand; "as agreed"', undefined]);
    const { jobs } = await store.store.listJobs({ state: 'discarded', where: 'discardReason.startsWith("made")', limit: 10 });
    assert.equal(jobs.length, 2, 'a list can be narrowed by it');
  });

  it('takes up again the siblings that were cancelled because of it, after a crash in the middle of that too', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: fail'), { list: numbers(8) });
    await store.store.fanOut({ stepId: store.last.expanding[0]?.stepId ?? 0, now: store.now, limit: 6 });
    const [first, second, third] = await store.claim(3);
    assert.ok(first && second && third);
    await store.store.cancelJob({ jobId: second.jobId, now: store.now });
    await store.settle(second, { kind: 'cancelled' });
    await store.die(first);
    await store.cascade();
    await store.retryIn(third, 1000);
    assert.deepEqual(await store.jobStates(run), ['dead', ...numbers(5).map(() => 'cancelled')]);
    await store.store.replay({ jobIds: [first.jobId], now: store.now });
    await store.succeed(await store.next());
    assert.deepEqual(await store.states(run), { run: 'running', each: 'running', after: 'waiting' });
    await store.store.cascade({ now: store.now, limit: 1 });
    const { committed } = await store.crash();
    assert.deepEqual([committed.cascading, committed.expanding.map(({ cursor }) => cursor)], [true, [6]]);
    await store.cascade();
    await store.fanOut();
    for (const job of await store.claim()) await store.succeed(job);
    assert.deepEqual(await store.states(run), { run: 'running', each: 'succeeded', after: 'running' });
    assert.deepEqual((await store.jobStates(run)).slice(0, 8), ['succeeded', 'cancelled', ...numbers(6).map(() => 'succeeded')], 'whom a person cancelled stays so');
  });

  it('lets what was under way when its step failed be tried again once the step is open again', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: fail'), { list: numbers(2) });
    await store.fanOut();
    const [first, second] = await store.claim();
    assert.ok(first && second);
    await store.die(first);
    await store.cascade();
    await store.store.replay({ jobIds: [first.jobId], now: store.now });
    await store.succeed(await store.next());
    await store.retryIn(second, 1000);
    assert.deepEqual(await store.jobStates(run), ['succeeded', 'delayed']);
    assert.equal((await store.states(run))['each'], 'running');
  });

  it('reopens by a share of all items, those that were cancelled because of it too', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: fail, tolerate: 20%'), { list: numbers(10) });
    await store.fanOut();
    const [first, ...more] = (await store.claim(3));
    assert.ok(first);
    for (const job of [first, ...more]) await store.die(job);
    await store.cascade();
    await store.store.replay({ jobIds: [first.jobId], now: store.now });
    await store.succeed(await store.next());
    assert.equal((await store.states(run))['each'], 'running');
  });

  it('refuses to replay into a step that is just being cancelled', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: fail'), { list: numbers(5) });
    await store.fanOut();
    const job = await store.next();
    await store.die(job);
    await assert.rejects(store.store.replay({ jobIds: [job.jobId], now: store.now }), { code: 'wrong-state' });
    await store.cascade();
    await store.store.replay({ jobIds: [job.jobId], now: store.now });
    assert.equal((await store.next()).jobId, job.jobId);
    assert.equal((await store.states(run))['each'], 'failed');
  });
}
