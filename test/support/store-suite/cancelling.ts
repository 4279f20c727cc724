import assert from 'node:assert/strict';
import { fanOut, numbers, type StoreBench } from './store-bench.ts';
import { message } from '../../../schemas/wording/message.ts';

export function describeCancelling(bench: () => StoreBench): void {
  it('cancels a job that waits, due or not', async () => {
    const store = bench();
    const pending = await store.one('a');
    const delayed = await store.one('b');
    const job = await store.next('b');
    await store.retryIn(job, 1000);
    for (const run of [pending, delayed]) {
      const [id = 0] = await store.ids(run);
      assert.deepEqual(await store.store.cancelJob({ jobId: id, now: store.now }), { active: false });
      assert.deepEqual(await store.states(run), { run: 'cancelled', only: 'cancelled' });
      await assert.rejects(store.store.cancelJob({ jobId: id, now: store.now }), { code: 'wrong-state' });
    }
    assert.equal(store.last.nextDueAt, undefined);
    await assert.rejects(store.store.cancelJob({ jobId: 999, now: store.now }), { code: 'not-found', message: 'There is no job j999.', wording: message('There is no job {job}.', { job: 'j999' }) });
  });

  it('cancels an active job however its attempt ends, unless it has made its effect', async () => {
    const store = bench();
    const ends = {
      cancelled: (job) => store.settle(job, { kind: 'cancelled' }),
      retried: (job) => store.retryIn(job, 1000),
      interrupted: (job) => store.settle(job, { kind: 'interrupted' }),
      succeeded: (job) => store.succeed(job),
      dead: (job) => store.die(job),
      crashed: () => store.crash(),
    } as const satisfies Record<string, (job: Awaited<ReturnType<StoreBench['next']>>) => Promise<unknown>>;
    const expected = { cancelled: 'cancelled', retried: 'cancelled', interrupted: 'cancelled', succeeded: 'succeeded', dead: 'dead', crashed: 'cancelled' };
    for (const [how, end] of Object.entries(ends)) {
      const run = await store.one();
      const job = await store.next();
      assert.deepEqual(await store.store.cancelJob({ jobId: job.jobId, now: store.now }), { active: true });
      assert.deepEqual(await store.jobStates(run), ['active']);
      await end(job);
      assert.deepEqual(await store.jobStates(run), [expected[how as keyof typeof expected]], how);
    }
  });

  it('leaves a dead letter to replay and discard', async () => {
    const store = bench();
    await store.one();
    const job = await store.next();
    await store.die(job);
    await assert.rejects(store.store.cancelJob({ jobId: job.jobId, now: store.now }), { code: 'wrong-state' });
  });

  it('cancels a run: what counts as cancelled for claims immediately, in batches on disk; what is under way when it ends', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(7) });
    await store.store.fanOut({ stepId: store.last.expanding[0]?.stepId ?? 0, now: store.now, limit: 6 });
    const [active, delayed] = await store.claim(2);
    assert.ok(active && delayed);
    await store.retryIn(delayed, 1000);
    assert.deepEqual(await store.store.cancelRun({ runId: run, now: store.now }), { active: [active.jobId] });
    assert.deepEqual([store.last.cascading, store.last.expanding.length], [true, 0]);
    assert.deepEqual(await store.store.cascade({ now: store.now, limit: 3 }), { more: true });
    assert.deepEqual(await store.claim(), []);
    await store.cascade();
    assert.deepEqual(await store.states(run), { run: 'running', each: 'running', after: 'cancelled' });
    assert.deepEqual(await store.store.cancelRun({ runId: run, now: store.now }), { active: [active.jobId] }, 'again');
    await store.cascade();
    await store.settle(active, { kind: 'cancelled' });
    assert.deepEqual(await store.states(run), { run: 'cancelled', each: 'cancelled', after: 'cancelled' });
    assert.deepEqual(await store.jobStates(run), numbers(6).map(() => 'cancelled'));
    await assert.rejects(store.store.cancelRun({ runId: run, now: store.now }), { code: 'wrong-state' });
    await assert.rejects(store.store.cancelRun({ runId: 999, now: store.now }), { code: 'not-found' });
  });

  it('makes no more items of a cancelled run after a restart', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(4) });
    await store.store.fanOut({ stepId: store.last.expanding[0]?.stepId ?? 0, now: store.now, limit: 2 });
    const job = await store.next();
    await store.store.cancelRun({ runId: run, now: store.now });
    await store.cascade();
    const { committed } = await store.crash();
    assert.deepEqual(committed.expanding, []);
    assert.deepEqual(await store.states(run), { run: 'cancelled', each: 'cancelled', after: 'cancelled' });
    assert.equal((await store.job(job.jobId)).state, 'cancelled');
  });

  it('continues a cascade after a crash in its middle', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(5) });
    await store.fanOut();
    await store.store.cancelRun({ runId: run, now: store.now });
    await store.store.cascade({ now: store.now, limit: 2 });
    assert.equal((await store.crash()).committed.cascading, true);
    assert.deepEqual(await store.claim(), []);
    await store.cascade();
    assert.equal((await store.states(run))['run'], 'cancelled');
  });

  it('clears away a great step that was cancelled without keeping one claim for all of it', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(2500) });
    await store.fanOut();
    await store.store.cancelRun({ runId: run, now: store.now });
    await store.one();
    assert.deepEqual(await store.claim(1), []);
    assert.ok(store.depth().pending > 1, 'not all at once');
    assert.deepEqual(store.last.queues.map(({ name }) => name), ['default'], 'anyone who claims is told to come again');
    await store.claim(1);
    assert.equal((await store.claim(1)).length, 1);
  });

  it('cancels the on-failure steps of a failed run, which a replay can still reopen', async () => {
    const store = bench();
    const run = await store.run('steps:\n  a: { uses: test/scripted, with: {} }\non-failure:\n  tell: { uses: test/scripted, with: {} }\n');
    const job = await store.next();
    await store.die(job);
    await store.store.cancelRun({ runId: run, now: store.now });
    await store.cascade();
    assert.deepEqual(await store.states(run), { run: 'failed', a: 'failed', tell: 'cancelled' });
    assert.equal((await store.runDetail(run)).closing, false);
    await store.store.replay({ jobIds: [job.jobId], now: store.now });
    await store.succeed(await store.next());
    assert.deepEqual(await store.states(run), { run: 'succeeded', a: 'succeeded', tell: 'cancelled' });
  });
}
