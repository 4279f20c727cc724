import { verbatim } from '../../../schemas/wording/message.ts';
import assert from 'node:assert/strict';
import type { AdvanceBulkParams, BulkAdvance } from '../../../daemon/ledger/bulk-call.ts';
import type { BulkRequest } from '../../../daemon/store/store.ts';
import type { BulkView } from '../../../schemas/protocol/bulk.ts';
import { fanOut, numbers, type StoreBench } from './store-bench.ts';

const minute = 60_000;

export function describeBulk(bench: () => StoreBench): void {
  /** So many dead letters, oldest first. */
  const dead = async (count: number): Promise<number[]> => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(count) });
    await store.fanOut();
    for (const job of await store.claim(count)) await store.die(job);
    return store.ids(run);
  };
  const prepare = async (request: BulkRequest, jobIds: readonly number[]): Promise<number> => (await bench().store.prepareBulk({ request, jobIds, last: true, now: bench().now })).bulkId;
  const view = async (bulkId: number): Promise<BulkView> => (await bench().store.getBulk({ bulkId })) ?? assert.fail('there is none');
  const advance = (bulkId: number, limit = 1000): Promise<{ readonly more: boolean }> => bench().store.advanceBulk({ bulkId, limit, now: bench().now });
  const runAll = async (bulkId: number, limit?: number): Promise<void> => {
    while ((await advance(bulkId, limit)).more);
  };
  const statesOf = (ids: readonly number[]): Promise<string[]> => Promise.all(ids.map(async (id) => (await bench().job(id)).state));

  it('acts on the oldest first, chunk by chunk, and counts exactly', async () => {
    const ids = await dead(5);
    const bulkId = await prepare({ action: 'replay' }, ids.toReversed());
    assert.deepEqual(await advance(bulkId, 2), { more: true, active: [] });
    assert.deepEqual(await statesOf(ids), ['pending', 'pending', 'dead', 'dead', 'dead']);
    const { state, total, done, skipped, endedAt } = await view(bulkId);
    assert.deepEqual([state, total, done, skipped, endedAt], ['running', 5, 2, 0, undefined]);
    await runAll(bulkId, 2);
    const ended = await view(bulkId);
    assert.deepEqual([ended.state, ended.done, ended.endedAt], ['done', 5, new Date(bench().now).toISOString()]);
    assert.deepEqual(await bench().store.bulkJobs({ bulkId, limit: 3 }), ids.slice(0, 3));
    const { waiting, dead: again } = await bench().store.bulkTally({ bulkId });
    assert.deepEqual([waiting, again], [5, 0]);
  });

  describe('over a run that failed and the job that waited for it', () => {
    const workflows = {
      middle: 'steps:\n  middle: { uses: workflow/run, queue: middle, with: { workflow: inner } }\n',
      inner: 'steps:\n  inner: { uses: test/scripted, queue: inner, with: { n: 1 } }\n',
      two: "steps:\n  two: { uses: test/scripted, queue: two, foreach: { items: '${{ [1, 2] }}', on-item-failure: continue }, with: { n: '${{ item }}' } }\n",
    } as const;
    const parent = 'steps:\n  only: { uses: workflow/run, with: { workflow: child } }\n';
    /** Both are dead letters. */
    const failedChild = async (): Promise<{ readonly runId: number; readonly waiter: number; readonly inner: number }> => {
      const store = bench();
      const runId = await store.run(parent);
      const waiter = await store.next();
      const inner = await begin(waiter);
      await store.die(inner);
      return { runId, waiter: waiter.jobId, inner: inner.jobId };
    };
    /** By their numbers, and by bulk work. */
    const refused = async (jobIds: readonly number[], why: RegExp): Promise<void> => {
      await assert.rejects(bench().store.replay({ jobIds, now: bench().now }), { code: 'wrong-state', message: why });
      const bulkId = await prepare({ action: 'replay' }, jobIds);
      await runAll(bulkId);
      assert.equal((await view(bulkId)).skipped, jobIds.length);
    };
    /** The job of the run that it starts. */
    const begin = async (waiter: Awaited<ReturnType<StoreBench['next']>>, workflow: keyof typeof workflows = 'inner'): ReturnType<StoreBench['next']> => {
      const run = { workflow, version: workflow, text: workflows[workflow], inputs: '{}' };
      await bench().settle(waiter, { kind: 'wait', wait: { for: 'run', run, detached: false } });
      await bench().fanOut();
      return bench().next(workflow);
    };

    /** Two jobs that start runs: `failing` is a dead letter as its run's job `inner` is, so `other` is cancelled, in whose run `lost` is a dead letter. */
    const cancelledBySibling = async () => {
      const store = bench();
      const runId = await store.run("steps:\n  each: { uses: workflow/run, foreach: { items: '${{ [1, 2] }}', on-item-failure: fail }, with: { workflow: child } }\n");
      await store.fanOut();
      const [failing, other] = [await store.next(), await store.next()];
      const inner = await begin(failing);
      const lost = await begin(other, 'two');
      await store.die(lost);
      await store.die(inner);
      while (store.last.cascading) await store.cascade();
      return { runId, failing, other, inner, lost };
    };

    it('replays it within that run alone, so that nothing is done twice', async () => {
      const store = bench();
      const { runId, waiter, inner } = await failedChild();
      for (const limit of [1, 1000]) {
        const bulkId = await prepare({ action: 'replay' }, [waiter, inner]);
        await runAll(bulkId, limit);
        assert.deepEqual(await statesOf([waiter, inner]), ['dead', 'pending']);
        const { state, done, skipped } = await view(bulkId);
        assert.deepEqual([state, done, skipped], ['done', 1, 1]);
        const again = await store.next('inner');
        if (limit === 1) await store.die(again);
        else await store.succeed(again);
      }
      assert.deepEqual(await statesOf([waiter, inner]), ['succeeded', 'succeeded']);
      assert.equal((await store.states(runId))['run'], 'succeeded');
      assert.equal((await store.runDetail(runId)).children?.total, 1);
    });

    it('replays the job if the run has no part in it: that starts another run, and the old one is not replayed any more', async () => {
      const store = bench();
      const { waiter, inner } = await failedChild();
      await runAll(await prepare({ action: 'replay' }, [waiter]));
      assert.deepEqual(await statesOf([waiter, inner]), ['pending', 'dead']);
      const second = await begin(await store.next());
      await refused([inner], /The run r-?\w+ was started in place of r-?\w+, to which j-?\w+ belongs: a replay would do its work twice/);
      assert.deepEqual(await statesOf([waiter, inner]), ['delayed', 'dead'], 'it waits for the other run');
      await store.die(second);
      await store.store.replay({ jobIds: [second.jobId], now: store.now });
      await store.succeed(await store.next('inner'));
      assert.deepEqual(await statesOf([waiter, inner, second.jobId]), ['succeeded', 'dead', 'succeeded']);
    });

    it('refuses both at once by their numbers, whichever comes first', async () => {
      const { waiter, inner } = await failedChild();
      for (const jobIds of [[waiter, inner], [inner, waiter]]) await assert.rejects(bench().store.replay({ jobIds, now: bench().now }), { code: 'wrong-state', message: /continues by itself when the run succeeds/ });
      assert.deepEqual(await statesOf([waiter, inner]), ['dead', 'dead']);
    });

    it('refuses the job while what was replayed within that run is open, and a job of the run once the other was replayed', async () => {
      const store = bench();
      const { runId, waiter, inner } = await failedChild();
      await store.store.replay({ jobIds: [inner], now: store.now });
      await refused([waiter], /and jobs of that are replayed: it continues by itself/);
      await store.die(await store.next('inner'));
      await store.store.replay({ jobIds: [waiter], now: store.now });
      await refused([inner], /was replayed, and starts another run in place of/);
      const attempt = await store.next();
      await refused([inner], /was replayed, and starts another run in place of/);
      // It came to nothing: the run is the last one again.
      await store.die(attempt);
      await store.store.replay({ jobIds: [inner], now: store.now });
      await store.succeed(await store.next('inner'));
      assert.deepEqual(await statesOf([waiter, inner]), ['succeeded', 'succeeded']);
      assert.equal((await store.states(runId))['run'], 'succeeded');
      assert.equal((await store.runDetail(runId)).children?.total, 1);
    });

    it('looks further down than the run that the job waited for: nothing is done twice two levels up either', async () => {
      const store = bench();
      await store.run(parent);
      const waiter = await store.next();
      const middle = await begin(waiter, 'middle');
      const inner = await begin(middle, 'inner');
      await store.die(inner);
      await store.store.replay({ jobIds: [inner.jobId], now: store.now });
      await refused([waiter.jobId], /and jobs of that are replayed: it continues by itself/);
      await store.succeed(await store.next('inner'));
      assert.deepEqual(await statesOf([waiter.jobId, middle.jobId, inner.jobId]), ['succeeded', 'succeeded', 'succeeded']);
    });

    it('looks further up than the job that started the run', async () => {
      const store = bench();
      const top = await store.run(parent);
      const waiter = await store.next();
      const middle = await begin(waiter, 'middle');
      const inner = await begin(middle, 'inner');
      await store.die(inner);
      assert.deepEqual(await statesOf([waiter.jobId, middle.jobId, inner.jobId]), ['dead', 'dead', 'dead']);
      await assert.rejects(store.store.replay({ jobIds: [waiter.jobId, inner.jobId], now: store.now }), { code: 'wrong-state', message: /continues by itself/ });
      await store.store.replay({ jobIds: [waiter.jobId], now: store.now });
      await refused([inner.jobId], /was replayed, and starts another run/);
      await refused([middle.jobId], /was replayed, and starts another run/);
      const others = await begin(await store.next(), 'middle');
      await refused([inner.jobId], /was started in place of/);
      await store.succeed(await begin(others, 'inner'));
      assert.equal((await store.states(top))['run'], 'succeeded');
    });

    it('refuses what belongs to a run whose job was cancelled because of a sibling, as long as that job may be taken up again', async () => {
      const store = bench();
      const { runId, failing, other, inner, lost } = await cancelledBySibling();
      assert.deepEqual(await statesOf([failing.jobId, other.jobId, lost.jobId]), ['dead', 'cancelled', 'dead']);
      await refused([lost.jobId], /was cancelled because another job of its step failed\. When that one is replayed and succeeds/);
      await store.store.replay({ jobIds: [inner.jobId], now: store.now });
      await refused([lost.jobId], /was cancelled because another job of its step failed/);
      await store.succeed(await store.next('inner'));
      await store.cascade();
      const again = await store.next();
      assert.equal(again.jobId, other.jobId, 'it starts another run in place of the cancelled one');
      await store.succeed(await begin(again));
      assert.equal((await store.states(runId))['run'], 'succeeded');
      await refused([lost.jobId], /was started in place of/);
    });

    it('replays what belongs to such a run when nobody takes the job up again', async () => {
      const store = bench();
      const { failing, other, lost } = await cancelledBySibling();
      await store.store.discard({ jobIds: [failing.jobId], now: store.now });
      await store.store.replay({ jobIds: [lost.jobId], now: store.now });
      await store.succeed(await store.next('two'));
      assert.deepEqual(await statesOf([failing.jobId, other.jobId, lost.jobId]), ['discarded', 'cancelled', 'succeeded']);
    });

    it('discards both', async () => {
      const { waiter, inner } = await failedChild();
      await runAll(await prepare({ action: 'discard' }, [waiter, inner]));
      assert.deepEqual(await statesOf([waiter, inner]), ['discarded', 'discarded']);
    });
  });

  it('continues after a crash where it was, and does none twice', async () => {
    const ids = await dead(6);
    const bulkId = await prepare({ action: 'discard', reason: 'made by hand' }, ids);
    await advance(bulkId, 4);
    await bench().crash();
    assert.deepEqual((await bench().store.listBulks()).map(({ id, state, done, reason }) => [id, state, done, reason]), [[`b${bulkId}`, 'running', 4, 'made by hand']]);
    await runAll(bulkId);
    const { state, done, skipped } = await view(bulkId);
    assert.deepEqual([state, done, skipped], ['done', 6, 0]);
    assert.equal((await bench().job(ids[5] ?? 0)).discardReason, 'made by hand');
  });

  it('keeps where an export goes, and how far it is told to be', async () => {
    const ids = await dead(3);
    const target = { file: '/srv/dead.json', format: 'json', overwrite: false } as const;
    const bulkId = await prepare({ action: 'export', exportTo: target }, ids);
    const tell = (exported?: AdvanceBulkParams['exported']): Promise<BulkAdvance> => bench().store.advanceBulk({ bulkId, limit: 2, now: bench().now, ...(exported === undefined ? {} : { exported }) });
    assert.deepEqual(await tell(), { more: true, active: [], exporting: { target, next: [] } });
    assert.deepEqual((await tell({ done: 0, skipped: 0, edited: 0, cursor: 0 })).exporting?.next, ids.slice(0, 2));
    await bench().crash();
    assert.deepEqual((await tell({ done: 1, skipped: 1, edited: 1, cursor: ids[1] ?? 0 })).exporting?.next, ids.slice(2));
    const { state, file, done, skipped, edited } = await view(bulkId);
    assert.deepEqual([state, file, done, skipped, edited], ['running', '/srv/dead.json', 1, 1, 1]);
    await tell('placed');
    assert.deepEqual([(await view(bulkId)).state, (await view(bulkId)).endedAt, await statesOf(ids)], ['done', new Date(bench().now).toISOString(), ['dead', 'dead', 'dead']]);
  });

  it('leaves out what was in another state by then, and counts it', async () => {
    const ids = await dead(4);
    const [first = 0, second = 0, third = 0, fourth = 0] = ids;
    const bulkId = await prepare({ action: 'discard' }, [...ids, ...ids, 999_999]);
    await bench().store.replay({ jobIds: [second], now: bench().now });
    await bench().store.discard({ jobIds: [third], now: bench().now });
    await runAll(bulkId, 1);
    const { total, done, skipped } = await view(bulkId);
    assert.deepEqual([total, done, skipped], [5, 2, 3]);
    assert.deepEqual(await bench().store.bulkJobs({ bulkId, limit: 10 }), [first, fourth]);
  });

  it('holds after its canary until it is told to continue', async () => {
    const ids = await dead(5);
    const bulkId = await prepare({ action: 'replay', canary: 2 }, ids);
    assert.equal((await advance(bulkId)).more, false);
    assert.equal((await advance(bulkId)).more, false);
    assert.deepEqual([(await view(bulkId)).state, await statesOf(ids)], ['held', ['pending', 'pending', 'dead', 'dead', 'dead']]);
    await bench().store.continueBulk({ bulkId });
    await runAll(bulkId);
    assert.deepEqual([(await view(bulkId)).state, (await view(bulkId)).done], ['done', 5]);
    await assert.rejects(bench().store.continueBulk({ bulkId }), { code: 'wrong-state' });
    await assert.rejects(bench().store.continueBulk({ bulkId: 99 }), { code: 'not-found' });
  });

  it('spreads a replay out at its rate, over its chunks and a crash', async () => {
    const ids = await dead(4);
    const started = bench().now;
    const bulkId = await prepare({ action: 'replay', rate: { text: '1/min', spacingMs: minute } }, ids);
    await advance(bulkId, 2);
    await bench().crash();
    bench().now += 10;
    await runAll(bulkId, 1);
    const dueAts = await Promise.all(ids.map(async (id) => Date.parse((await bench().job(id)).dueAt) - started));
    assert.deepEqual(dueAts, [0, minute, 2 * minute, 3 * minute]);
    assert.equal((await view(bulkId)).lastDueAt, new Date(started + 3 * minute).toISOString());
  });

  it('never goes faster than its rate, though no daemon ran for a while in the middle of it', async () => {
    const ids = await dead(4);
    const bulkId = await prepare({ action: 'replay', rate: { text: '1/min', spacingMs: minute } }, ids);
    await advance(bulkId, 2);
    bench().now += 60 * minute;
    await bench().crash();
    await runAll(bulkId);
    await bench().store.promote({ now: bench().now });
    const dueAts = (await Promise.all(ids.map(async (id) => Date.parse((await bench().job(id)).dueAt)))).sort((one, other) => one - other);
    for (const [index, at] of dueAts.entries()) assert.ok(index === 0 || at - (dueAts[index - 1] ?? 0) >= minute, dueAts.map((one) => one - bench().now).join());
  });

  it('takes back what no attempt has reached, and only what it has sent itself', async () => {
    const store = bench();
    const ids = await dead(5);
    const [first = 0, second = 0, third = 0, fourth = 0] = ids;
    const bulkId = await prepare({ action: 'replay', canary: 4 }, ids);
    await runAll(bulkId);
    await store.succeed(await store.next());
    await store.die(await store.next());
    await store.store.replay({ jobIds: [second], now: store.now });
    await store.store.recall({ jobIds: [third], now: store.now });
    await store.store.endBulk({ bulkId, now: store.now, takeBack: true });
    await runAll(bulkId, 1);
    const { dead: again, takenBack: unsent, error } = await store.store.bulkTally({ bulkId });
    assert.deepEqual([again, unsent, error], [2, 2, undefined], 'also the one that a person took back, and none of them has failed again');
    const { state, done, takenBack } = await view(bulkId);
    assert.deepEqual([state, done, takenBack], ['cancelled', 4, 1]);
    assert.deepEqual(await statesOf(ids), ['succeeded', 'pending', 'dead', 'dead', 'dead'], 'what somebody else has replayed since waits');
    assert.equal((await store.job(fourth)).attemptCount, 1);
    assert.equal((await store.job(first)).attemptCount, 2);
    await assert.rejects(store.store.endBulk({ bulkId, now: store.now }), { code: 'wrong-state' });
  });

  it('takes back after its end too, and again when more has come back', async () => {
    const ids = await dead(2);
    const bulkId = await prepare({ action: 'replay' }, ids);
    await runAll(bulkId);
    await bench().succeed(await bench().next());
    await bench().store.endBulk({ bulkId, now: bench().now, takeBack: true });
    await runAll(bulkId);
    const { state, done, takenBack } = await view(bulkId);
    assert.deepEqual([state, done, takenBack, await statesOf(ids)], ['cancelled', 2, 1, ['succeeded', 'dead']]);
    await bench().store.endBulk({ bulkId, now: bench().now, takeBack: true });
    await runAll(bulkId);
    assert.equal((await view(bulkId)).takenBack, 1);
    const discarded = await prepare({ action: 'discard' }, ids);
    await runAll(discarded);
    await assert.rejects(bench().store.endBulk({ bulkId: discarded, now: bench().now, takeBack: true }), { code: 'wrong-state' });
  });

  it('is cancelled with the rest as it was, and ended by a fault with its words', async () => {
    const ids = await dead(4);
    const bulkId = await prepare({ action: 'discard' }, ids);
    await advance(bulkId, 1);
    await bench().store.endBulk({ bulkId, now: bench().now });
    assert.deepEqual(await advance(bulkId), { more: false, active: [] });
    assert.deepEqual([(await view(bulkId)).state, await statesOf(ids)], ['cancelled', ['discarded', 'dead', 'dead', 'dead']]);
    const failed = await prepare({ action: 'discard' }, ids);
    await bench().store.endBulk({ bulkId: failed, now: bench().now, problem: verbatim('it broke') });
    assert.deepEqual([(await view(failed)).state, (await view(failed)).problem], ['failed', 'it broke']);
  });

  it('cancels jobs that wait, and names those that are under way', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(3) });
    await store.fanOut();
    const active = await store.next();
    const ids = await store.ids(run);
    const bulkId = await prepare({ action: 'cancel' }, ids);
    assert.deepEqual(await store.store.advanceBulk({ bulkId, limit: 10, now: store.now }), { more: false, active: [active.jobId] });
    assert.deepEqual((await store.jobStates(run)).sort(), ['active', 'cancelled', 'cancelled']);
    await store.settle(active, { kind: 'cancelled' });
  });

  it('makes delayed jobs due, and leaves out what no longer waits for a later time', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(3) });
    await store.fanOut();
    for (const job of await store.claim(2)) await store.settle(job, { kind: 'retry', dueAt: store.now + 60 * minute, charged: true, error: { kind: 'http', cause: '503', message: 'busy' } });
    const ids = await store.ids(run);
    const bulkId = await prepare({ action: 'retry' }, ids);
    await runAll(bulkId, 1);
    const { total, done, skipped } = await view(bulkId);
    assert.deepEqual([total, done, skipped, await statesOf(ids)], [3, 2, 1, ['pending', 'pending', 'pending']]);
  });

  it('cancels runs, names the jobs of theirs that are under way, and leaves out those that have ended', async () => {
    const store = bench();
    const one = await store.run(fanOut('on-item-failure: continue'), { list: numbers(2) });
    const other = await store.run(fanOut('on-item-failure: continue'), { list: numbers(1) });
    await store.fanOut();
    const active = await store.next();
    const bulkId = await prepare({ action: 'cancel-runs' }, [one, other, 999_999]);
    const advanced = await store.store.advanceBulk({ bulkId, limit: 10, now: store.now });
    assert.deepEqual(advanced, { more: false, active: [active.jobId] });
    await store.settle(active, { kind: 'cancelled' });
    await store.cascade();
    assert.deepEqual(await Promise.all([one, other].map(async (runId) => (await store.store.getRun({ runId }))?.state)), ['cancelled', 'cancelled']);
    const { total, done, skipped } = await view(bulkId);
    assert.deepEqual([total, done, skipped], [3, 2, 1]);
    const again = await prepare({ action: 'cancel-runs' }, [one, other]);
    await runAll(again);
    assert.deepEqual([(await view(again)).done, (await view(again)).skipped], [0, 2]);
  });

  it('with nothing selected is done from the beginning, and what was not prepared to its end is none', async () => {
    const none = await prepare({ action: 'replay' }, []);
    assert.equal((await view(none)).state, 'done');
    const ids = await dead(2);
    const { bulkId } = await bench().store.prepareBulk({ request: { action: 'replay' }, jobIds: ids.slice(0, 1), last: false, now: bench().now });
    assert.equal(await bench().store.getBulk({ bulkId }), undefined);
    assert.deepEqual(await advance(bulkId), { more: false, active: [] });
    await bench().crash();
    while ((await bench().store.forgetBulks({ endedBefore: bench().now, unprepared: true, limit: 1 })).more);
    await assert.rejects(advance(bulkId), { code: 'not-found' });
    assert.deepEqual((await bench().store.listBulks()).map(({ id }) => id), [`b${none}`], 'ended now, and not before');
    while ((await bench().store.forgetBulks({ endedBefore: bench().now + 1, unprepared: false, limit: 1 })).more);
    assert.deepEqual(await bench().store.listBulks(), []);
    assert.ok((await prepare({ action: 'replay' }, ids)) > bulkId, 'a number is never given twice');
  });
}
