import assert from 'node:assert/strict';
import type { Wait } from '../../../daemon/ledger/call.ts';
import { fanOut, numbers, type StoreBench } from './store-bench.ts';
import { hourMs, noDepth, Waits } from './waits.ts';

const approval = "steps:\n  approve: { uses: wait/signal, with: { name: approve } }\n  after: { needs: [approve], uses: test/scripted, with: { got: '${{ steps.approve.output }}' } }\n";

/** A step waits for a time, or for somebody's answer. */
export function describeWaiting(bench: () => StoreBench): void {
  const waits = new Waits(bench);
  const time = (afterMs = hourMs): Wait => ({ for: 'time', until: bench().now + afterMs });
  const answer = (runId: number, name = 'approve', payload = '{"ok":true}') => bench().store.signal({ runId, name, payload, by: 'ana', now: bench().now });

  it('tells of the run when it begins, and when it ends', async () => {
    for (const wait of [time(), waits.signal()]) {
      const { runId, jobId } = await waits.begin(wait);
      assert.deepEqual(bench().last.runs, [runId], wait.for);
      await bench().store.cancelJob({ jobId, now: bench().now });
      assert.deepEqual(bench().last.runs, [runId], wait.for);
    }
  });

  describe('for a time', () => {
    it('has no place in its queue, and ends by itself', async () => {
      const store = bench();
      const { runId, jobId } = await waits.begin(time());
      assert.deepEqual([store.depth(), store.last.nextDueAt], [noDepth, store.now + hourMs]);
      const { state, waitsFor, attempts } = await store.job(jobId);
      assert.deepEqual([state, waitsFor], ['delayed', { kind: 'time', until: new Date(store.now + hourMs).toISOString() }]);
      assert.deepEqual(attempts.map((attempt) => attempt.state), ['active'], 'its attempt is under way');
      await waits.pass(hourMs - 1);
      assert.deepEqual(await store.states(runId), { run: 'running', only: 'running' });
      await waits.pass(1);
      assert.deepEqual(await store.states(runId), { run: 'succeeded', only: 'succeeded' });
      const ended = await store.job(jobId);
      assert.deepEqual([ended.state, ended.output, ended.attempts.map(({ durationMs }) => durationMs)], ['succeeded', {}, [hourMs]]);
      assert.deepEqual([store.depth(), store.last.nextDueAt], [noDepth, undefined]);
    });

    it('is as long over a crash, and if the wall clock is set', async () => {
      const store = bench();
      const { runId } = await waits.begin(time());
      assert.deepEqual((await store.crash()).interrupted, 0, 'nothing was under way');
      store.now += 86_400_000;
      await store.store.shiftWaits({ byMs: 86_400_000, anchor: { wallMs: store.now, uptimeMs: 1, hostname: 'here' } });
      await waits.pass(hourMs - 1);
      assert.deepEqual(await store.states(runId), { run: 'running', only: 'running' });
      await waits.pass(1);
      assert.deepEqual(await store.states(runId), { run: 'succeeded', only: 'succeeded' });
    });

    it('can be ended by a person', async () => {
      const { runId, jobId } = await waits.begin(time());
      assert.deepEqual(await bench().store.retry({ jobIds: [jobId], now: bench().now }), { retried: [jobId] });
      assert.deepEqual(await bench().states(runId), { run: 'succeeded', only: 'succeeded' });
    });

    it('takes none of the room of its queue', async () => {
      const store = bench();
      await store.store.configure({ queues: [{ name: 'default', maxDepth: 1 }], env: {} });
      for (const _ of numbers(3)) await waits.begin(time());
      await store.one();
      await assert.rejects(store.one(), { code: 'queue-full' });
    });

    it('is cancelled with its job and its run, and moved with its queue', async () => {
      const store = bench();
      const first = await waits.begin(time());
      await store.store.cancelJob({ jobId: first.jobId, now: store.now });
      assert.deepEqual(await store.states(first.runId), { run: 'cancelled', only: 'cancelled' });
      assert.deepEqual((await store.job(first.jobId)).attempts.map(({ state }) => state), ['cancelled']);
      const second = await waits.begin(time());
      assert.deepEqual(await store.store.moveQueue({ queue: 'default', to: 'other', limit: 10, isFirst: true }), { moved: 1, more: false });
      assert.deepEqual([store.depth(), store.depth('other'), (await store.job(second.jobId)).queue], [noDepth, noDepth, 'other']);
      await store.store.cancelRun({ runId: second.runId, now: store.now });
      await store.cascade();
      assert.deepEqual(await store.states(second.runId), { run: 'cancelled', only: 'cancelled' });
      assert.equal(store.last.nextDueAt, undefined);
    });

    it('goes with its run', async () => {
      const store = bench();
      await waits.begin(time());
      await waits.pass(hourMs);
      while ((await store.store.prune({ now: store.now, runsBefore: store.now + 1, deadLetters: [], limit: 10 })).more);
      assert.deepEqual((await store.store.listRuns({ limit: 10 })).runs, []);
    });
  });

  describe('for an answer', () => {
    it('gives what was answered, by whom and when; a second answer is told', async () => {
      const store = bench();
      const runId = await store.run(approval);
      const job = await store.next();
      await store.settle(job, { kind: 'wait', wait: waits.signal() });
      assert.deepEqual([(await store.job(job.jobId)).waitsFor, store.last.nextDueAt], [{ kind: 'signal', signal: 'approve' }, undefined]);
      store.now += hourMs;
      const at = new Date(store.now).toISOString();
      assert.deepEqual(await answer(runId), { ended: [job.jobId] });
      assert.deepEqual((await store.job(job.jobId)).output, { payload: { ok: true }, by: 'ana', at });
      await assert.rejects(answer(runId), { code: 'wrong-state', message: `'approve' of r${runId} was answered already, by ana at ${at}.` });
      assert.deepEqual(JSON.parse((await store.next()).payload), { got: { payload: { ok: true }, by: 'ana', at } });
    });

    it('may come before it is waited for', async () => {
      const store = bench();
      const runId = await store.run(approval);
      assert.deepEqual(await answer(runId), { ended: [] });
      await store.settle(await store.next(), { kind: 'wait', wait: waits.signal() });
      assert.equal((await store.states(runId))['approve'], 'succeeded');
    });

    it('is refused where nothing will wait for it', async () => {
      const store = bench();
      const runId = await store.run(approval);
      await assert.rejects(answer(runId, 'aprove'), { code: 'not-found', message: `No step of r${runId} waits for 'aprove', or is going to. Did you mean 'approve'?` });
      await assert.rejects(answer(99), { code: 'not-found' });
      await store.store.cancelRun({ runId, now: store.now });
      await store.cascade();
      await assert.rejects(answer(runId), { code: 'wrong-state', message: /has ended \(cancelled\)/ });
    });

    for (const [onTimeout, state] of [['fail', 'failed'], ['continue', 'succeeded']] as const) {
      it(`that doesn't come: ${onTimeout}`, async () => {
        const store = bench();
        const { runId, jobId } = await waits.begin(waits.signal('approve', { onTimeout, afterMs: hourMs }));
        await waits.pass(hourMs);
        assert.deepEqual(await store.states(runId), { run: state, only: state });
        const job = await store.job(jobId);
        if (onTimeout === 'continue') assert.deepEqual(job.output, { payload: null, by: null, at: null });
        else assert.deepEqual([job.state, job.error?.kind, job.error?.cause, store.depth().dead], ['dead', 'timeout', 'no answer', 1]);
      });
    }

    it('is waited for again by a replay', async () => {
      const store = bench();
      const { runId, jobId } = await waits.begin(waits.signal('approve', { afterMs: hourMs }));
      await waits.pass(hourMs);
      await store.store.replay({ jobIds: [jobId], now: store.now });
      await store.settle(await store.next(), { kind: 'wait', wait: waits.signal() });
      await assert.rejects(store.store.recall({ jobIds: [jobId], now: store.now }), { code: 'wrong-state', message: /waiting/ });
      assert.deepEqual(await answer(runId), { ended: [jobId] });
      assert.deepEqual(await store.states(runId), { run: 'succeeded', only: 'succeeded' });
    });

    it('is not retried, and says what to do instead', async () => {
      const { runId, jobId } = await waits.begin(waits.signal());
      await assert.rejects(bench().store.retry({ jobIds: [jobId], now: bench().now }), { code: 'wrong-state', message: `The job j${jobId} waits for an answer: \`sluice signal r${runId} approve\`.` });
    });

    it('ends all that wait for it', async () => {
      const store = bench();
      const runId = await store.run(fanOut('on-item-failure: fail'), { list: numbers(3) });
      await store.fanOut();
      const jobs = await store.claim();
      for (const job of jobs) await store.settle(job, { kind: 'wait', wait: waits.signal() });
      assert.equal((await answer(runId)).ended.length, 3);
      assert.equal((await store.states(runId))['each'], 'succeeded');
    });

    it('is no longer waited for when a sibling has died', async () => {
      const store = bench();
      const runId = await store.run(fanOut('on-item-failure: fail'), { list: numbers(3) });
      await store.fanOut();
      const [one, two, three] = await store.claim();
      assert.ok(one && two && three);
      await store.settle(one, { kind: 'wait', wait: waits.signal() });
      await store.die(two);
      await store.settle(three, { kind: 'wait', wait: waits.signal() });
      await store.cascade();
      assert.deepEqual(await store.jobStates(runId), ['cancelled', 'dead', 'cancelled'], 'what was under way when it died begins no wait');
    });
  });
}
