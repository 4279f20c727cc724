import assert from 'node:assert/strict';
import { fanOut, numbers, type StoreBench } from './store-bench.ts';

export function describeRetrying(bench: () => StoreBench): void {
  it('makes delayed jobs due immediately, with what they have tried', async () => {
    const store = bench();
    const run = await store.one();
    const job = await store.next();
    await store.retryIn(job, 7_200_000);
    store.now += 1000;
    assert.deepEqual(await store.store.retry({ jobIds: [job.jobId, job.jobId], now: store.now }), { retried: [job.jobId] });
    assert.deepEqual(store.last.runs, [run]);
    assert.equal(store.last.nextDueAt, undefined);
    const [detail] = await store.jobs(run);
    assert.deepEqual([detail?.state, detail?.dueAt], ['pending', new Date(store.now).toISOString()]);
    const again = await store.next();
    assert.deepEqual([again.jobId, again.attempt, again.tries], [job.jobId, 2, 1], 'its round continues');
  });

  it('refuses what is not delayed, and then changes nothing', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(4) });
    await store.fanOut();
    const [delayed, active, dead] = await store.claim(3);
    assert.ok(delayed && active && dead);
    await store.retryIn(delayed, 60_000);
    await store.die(dead);
    const pending = (await store.ids(run)).at(-1) ?? 0;
    for (const [jobId, reason] of [[active.jobId, /under way/], [dead.jobId, /replay it/], [pending, /due already/]] as const) {
      await assert.rejects(store.store.retry({ jobIds: [delayed.jobId, jobId], now: store.now }), { code: 'wrong-state', message: reason });
    }
    await assert.rejects(store.store.retry({ jobIds: [delayed.jobId, 999], now: store.now }), { code: 'not-found' });
    assert.equal((await store.job(delayed.jobId)).state, 'delayed');
  });
}
