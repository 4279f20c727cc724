import assert from 'node:assert/strict';
import { fanOut, numbers, refused, type StoreBench } from './store-bench.ts';

export function describeDrafting(bench: () => StoreBench): void {
  const deadJob = async (extra = ''): Promise<number> => {
    await bench().one('default', extra);
    const job = await bench().next();
    await bench().die(job);
    return job.jobId;
  };
  const replay = (jobId: number, more: { readonly originals?: boolean; readonly payload?: string } = {}): Promise<unknown> =>
    bench().store.replay({ jobIds: [jobId], now: bench().now, ...more });

  it('keeps an edit over a new start, and shows it beside the payload that was sent', async () => {
    const store = bench();
    const jobId = await deadJob();
    const before = await store.job(jobId);
    store.now += 1000;
    assert.deepEqual(await store.store.saveDraft({ jobId, payload: '{"n":2}', baseRevision: 1, savedBy: 'ada', now: store.now }), { revision: 2 });
    await store.crash();
    const job = await store.job(jobId);
    assert.deepEqual(job.draft, { revision: 2, savedAt: new Date(store.now).toISOString(), savedBy: 'ada' });
    assert.deepEqual([job.state, job.payload, job.idempotencyKey], ['dead', { n: 1 }, before.idempotencyKey], 'nothing else has changed');
    assert.deepEqual(job.revisions.map(({ revision, payload, draft }) => [revision, payload, draft]), [[1, { n: 1 }, undefined], [2, { n: 2 }, true]]);
    const { jobs } = await store.store.listJobs({ state: 'dead', where: 'has(draft.revision)', limit: 10 });
    assert.deepEqual(jobs.map(({ id, draft }) => [id, draft?.revision]), [[`j${jobId}`, 2]]);
  });

  it('sends it with the next replay, as a revision with a key of its own; what was sent before stays', async () => {
    const store = bench();
    const jobId = await deadJob();
    const before = await store.job(jobId);
    await store.store.saveDraft({ jobId, payload: '{"n":2}', now: store.now });
    assert.deepEqual(await replay(jobId), { replayed: [jobId], edited: 1 });
    const again = await store.next();
    assert.deepEqual([again.payload, again.revision], ['{"n":2}', 2]);
    await store.die(again);
    const after = await store.job(jobId);
    assert.equal(after.draft, undefined, 'it is an edit no longer');
    assert.notEqual(after.idempotencyKey, before.idempotencyKey);
    assert.deepEqual(after.revisions.map(({ revision, payload, draft }) => [revision, payload, draft]), [[1, { n: 1 }, undefined], [2, { n: 2 }, undefined]]);
    assert.deepEqual(after.attempts.map(({ revision }) => revision), [1, 2]);
    assert.deepEqual(await replay(jobId), { replayed: [jobId], edited: 0 });
  });

  it('sends the original where that is asked for, and keeps the edit for the next time', async () => {
    const store = bench();
    const jobId = await deadJob();
    await store.store.saveDraft({ jobId, payload: '{"n":2}', now: store.now });
    assert.deepEqual(await replay(jobId, { originals: true }), { replayed: [jobId], edited: 0 });
    const again = await store.next();
    assert.deepEqual([again.payload, again.revision], ['{"n":1}', 1]);
    await store.die(again);
    assert.equal((await store.job(jobId)).draft?.revision, 2);
    await replay(jobId);
    assert.equal((await store.next()).payload, '{"n":2}');
  });

  it('lets a payload that is handed in take the place of the edit', async () => {
    const store = bench();
    const jobId = await deadJob();
    await store.store.saveDraft({ jobId, payload: '{"n":2}', now: store.now });
    assert.deepEqual(await replay(jobId, { payload: '{"n":3}' }), { replayed: [jobId], edited: 1 });
    const again = await store.next();
    assert.deepEqual([again.payload, again.revision], ['{"n":3}', 3], 'the number of an edit that was never sent is not given twice');
    assert.equal((await store.job(jobId)).draft, undefined);
  });

  it('tells anyone who edited another revision than the newest, and changes nothing then', async () => {
    const store = bench();
    const jobId = await deadJob();
    await store.store.saveDraft({ jobId, payload: '{"n":2}', baseRevision: 1, savedBy: 'ada', now: store.now });
    await assert.rejects(store.store.saveDraft({ jobId, payload: '{"n":3}', baseRevision: 1, now: store.now }), { code: 'conflict', data: { revision: 2, by: 'ada' } });
    await assert.rejects(store.store.dropDraft({ jobId, baseRevision: 1, now: store.now }), { code: 'conflict' });
    assert.deepEqual((await store.job(jobId)).revisions.at(-1)?.payload, { n: 2 });
    // Dropped and saved again meanwhile: another edit, whatever it is called.
    assert.deepEqual(await store.store.dropDraft({ jobId, baseRevision: 2, now: store.now }), { dropped: true });
    await assert.rejects(store.store.saveDraft({ jobId, payload: '{"n":3}', baseRevision: 2, now: store.now }), { code: 'conflict', data: { revision: 1 } });
    assert.deepEqual(await store.store.saveDraft({ jobId, payload: '{"n":4}', baseRevision: 1, now: store.now }), { revision: 3 });
    assert.deepEqual(await store.store.saveDraft({ jobId, payload: '{"n":5}', now: store.now }), { revision: 4 }, 'unchecked');
  });

  it('drops it, once', async () => {
    const store = bench();
    const jobId = await deadJob();
    await store.store.saveDraft({ jobId, payload: '{"n":2}', now: store.now });
    assert.deepEqual(await store.store.dropDraft({ jobId, now: store.now }), { dropped: true });
    assert.deepEqual(await store.store.dropDraft({ jobId, now: store.now }), { dropped: false });
    assert.deepEqual((await store.job(jobId)).revisions.length, 1);
    await replay(jobId);
    assert.equal((await store.next()).payload, '{"n":1}');
  });

  it('is for dead letters, and stays to be read with one that is discarded', async () => {
    const store = bench();
    const jobId = await deadJob();
    await store.one();
    const { jobId: active } = await store.next();
    await assert.rejects(store.store.saveDraft({ jobId: active, payload: '{}', now: store.now }), { code: 'wrong-state' });
    await assert.rejects(store.store.saveDraft({ jobId: 999, payload: '{}', now: store.now }), { code: 'not-found' });
    await assert.rejects(store.store.dropDraft({ jobId: 999, now: store.now }), { code: 'not-found' });
    await store.store.saveDraft({ jobId, payload: '{"n":2}', now: store.now });
    await store.store.discard({ jobIds: [jobId], now: store.now });
    assert.deepEqual((await store.job(jobId)).revisions.at(-1), { ...(await store.job(jobId)).revisions.at(-1), payload: { n: 2 }, draft: true });
    assert.deepEqual([await store.store.deadDrafts(), await store.store.draftedJobs()], [{}, []], 'no dead letter has one');
  });

  it('counts those of each queue and group, and says that the queue has changed', async () => {
    const store = bench();
    const dead = [await deadJob(), await deadJob(), await deadJob()];
    store.commits = [];
    store.now += 1000;
    const [first = 0, second = 0] = dead;
    await store.store.saveDraft({ jobId: first, payload: '{"n":2}', now: store.now - 1 });
    assert.deepEqual(store.last.queues.map(({ name }) => name), ['default']);
    await store.store.saveDraft({ jobId: second, payload: '{"n":2}', now: store.now });
    assert.deepEqual(await store.store.deadDrafts(), { default: { count: 2, savedAt: store.now } });
    assert.deepEqual(await store.store.draftedJobs(), [first, second]);
    assert.deepEqual((await store.store.deadGroups({ limit: 10 })).groups.map(({ count, edited }) => [count, edited]), [[3, 2]]);
    await store.store.dropDraft({ jobId: first, now: store.now });
    await replay(second);
    assert.deepEqual((await store.store.deadGroups({ limit: 10 })).groups.map(({ count, edited }) => [count, edited]), [[2, undefined]]);
  });

  it('is deleted with its run', async () => {
    const store = bench();
    const jobId = await deadJob();
    await store.store.saveDraft({ jobId, payload: '{"n":2}', now: store.now });
    await store.store.discard({ jobIds: [jobId], now: store.now });
    await store.store.prune({ now: store.now + 10, runsBefore: store.now + 5, deadLetters: [], limit: 100 });
    assert.equal(await store.store.getJob({ jobId }), undefined);
    await store.assertSound();
  });

  describe('a replay that is taken back', () => {
    it('leaves a dead letter as it was, with its error, its time and its edit', async () => {
      const store = bench();
      const jobId = await deadJob();
      await store.store.saveDraft({ jobId, payload: '{"n":2}', now: store.now });
      const before = await store.job(jobId);
      store.now += 1000;
      await store.store.replay({ jobIds: [jobId], now: store.now, pace: store.now, dueAts: [store.now + 60_000] });
      assert.equal((await store.job(jobId)).state, 'delayed');
      assert.deepEqual(await store.store.recall({ jobIds: [jobId], now: store.now }), { recalled: [jobId] });
      assert.deepEqual(await store.job(jobId), { ...before, dueAt: (await store.job(jobId)).dueAt });
      assert.deepEqual(store.depth(), { pending: 0, delayed: 0, active: 0, dead: 1 });
      await store.assertSound();
      await replay(jobId);
      assert.deepEqual([(await store.next()).payload], ['{"n":2}']);
    });

    it('leaves what has been attempted since, all or none of them', async () => {
      const store = bench();
      const [one, other] = [await deadJob(), await deadJob()];
      await store.store.replay({ jobIds: [one, other], now: store.now, dueAts: [store.now, store.now + 5000] });
      await store.retryIn(await store.next(), 10_000);
      await assert.rejects(store.store.recall({ jobIds: [other, one], now: store.now }), { code: 'wrong-state' });
      assert.equal((await store.job(other)).state, 'delayed');
      assert.deepEqual(await store.store.recall({ jobIds: [other], now: store.now }), { recalled: [other] });
      await assert.rejects(store.store.recall({ jobIds: [other], now: store.now }), { code: 'wrong-state' });
      await store.one();
      const waiting = (await store.store.listJobs({ state: 'pending', limit: 1 })).jobs[0]?.id ?? '';
      await assert.rejects(store.store.recall({ jobIds: [Number(waiting.slice(1))], now: store.now }), { code: 'wrong-state' }, 'was never a dead letter');
    });

    it('makes a dead letter of what waits for another attempt where that is asked for, with what the last one said', async () => {
      const store = bench();
      const [one, other] = [await deadJob(), await deadJob()];
      await store.store.saveDraft({ jobId: one, payload: '{"n":2}', now: store.now });
      const before = await store.job(other);
      await store.store.replay({ jobIds: [one, other], now: store.now, dueAts: [store.now, store.now + 5000] });
      store.now += 1000;
      const error = { kind: 'status', cause: '404', message: 'gone', status: 404 } as const;
      await store.settle(await store.next(), { kind: 'retry', dueAt: store.now + 10_000, charged: true, error });
      store.now += 1000;
      assert.deepEqual(await store.store.recall({ jobIds: [one, other], now: store.now, tried: true }), { recalled: [one, other] });
      const dead = await store.job(one);
      assert.deepEqual([dead.state, dead.error?.message, dead.payload, dead.replays, dead.attempts.length], ['dead', 'gone', { n: 2 }, 1, 2], 'what was sent stays its payload');
      assert.equal(dead.endedAt, dead.attempts.at(-1)?.endedAt);
      assert.deepEqual(await store.job(other), { ...before, dueAt: (await store.job(other)).dueAt });
      const { groups } = await store.store.deadGroups({ limit: 10 });
      assert.equal(groups.length, 2, 'each with its own failure');
      assert.deepEqual(store.depth(), { pending: 0, delayed: 0, active: 0, dead: 2 });
      await store.assertSound();
    });

    it('closes its step as its death did', async () => {
      const store = bench();
      const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(2) });
      await store.fanOut();
      for (const job of await store.claim()) await store.die(job);
      const states = await store.states(run);
      const ids = await store.ids(run);
      await store.store.replay({ jobIds: ids, now: store.now });
      await store.store.recall({ jobIds: ids, now: store.now });
      assert.deepEqual(await store.states(run), states);
      await store.assertSound();
    });
  });

  it('tells what became of jobs that were replayed', async () => {
    const store = bench();
    const ids: number[] = [];
    for (let n = 0; n < 6; n++) ids.push(await deadJob());
    await store.store.replay({ jobIds: ids, now: store.now, dueAts: ids.map((_, index) => store.now + Math.max(0, index - 3) * 1000) });
    const [first, second, third, fourth] = await store.claim();
    assert.ok(first && second && third && fourth);
    await store.succeed(first);
    await store.settle(second, { kind: 'dead', error: { ...refused, message: 'Refused again.' } });
    await store.retryIn(third, 500);
    const tally = await store.store.replayTally({ jobIds: ids });
    assert.deepEqual(
      { ...tally, error: tally.error?.message },
      { succeeded: 1, dead: 1, active: 1, retrying: 1, waiting: 2, cancelled: 0, discarded: 0, lastDueAt: new Date(store.now + 2000).toISOString(), error: 'The other side is down.' },
    );
    assert.equal((await store.store.replayTally({ jobIds: [999] })).waiting, 0);
  });
}
