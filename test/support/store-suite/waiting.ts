import assert from 'node:assert/strict';
import type { Wait } from '../../../daemon/ledger/call.ts';
import { fanOut, numbers, type StoreBench } from './store-bench.ts';

const hourMs = 3_600_000;
const noDepth = { pending: 0, delayed: 0, active: 0, dead: 0 };
const child = 'steps:\n  inner: { uses: test/scripted, queue: inner, with: { n: 1 } }\n';
const approval = "steps:\n  approve: { uses: wait/signal, with: { name: approve } }\n  after: { needs: [approve], uses: test/scripted, with: { got: '${{ steps.approve.output }}' } }\n";

export function describeWaiting(bench: () => StoreBench): void {
  const waitFor = async (wait: Wait, extra = ''): Promise<{ readonly runId: number; readonly jobId: number }> => {
    const runId = await bench().one('default', extra);
    const job = await bench().next();
    await bench().settle(job, { kind: 'wait', wait });
    return { runId, jobId: job.jobId };
  };
  const time = (afterMs = hourMs): Wait => ({ for: 'time', until: bench().now + afterMs });
  const signal = (name = 'approve', { onTimeout = 'fail', afterMs }: { readonly onTimeout?: 'fail' | 'continue'; readonly afterMs?: number } = {}): Wait => ({
    for: 'signal', name, onTimeout, ...(afterMs === undefined ? {} : { until: bench().now + afterMs }),
  });
  const another = (text = child, { detached = false, version = 'child' }: { readonly detached?: boolean; readonly version?: string } = {}): Wait => ({
    for: 'run', run: { workflow: 'child', version, text, inputs: '{"a":1}' }, detached,
  });
  const answer = (runId: number, name = 'approve', payload = '{"ok":true}') => bench().store.signal({ runId, name, payload, by: 'ana', now: bench().now });
  const pass = async (ms: number): Promise<void> => {
    bench().now += ms;
    await bench().store.promote({ now: bench().now });
  };

  describe('for a time', () => {
    it('has no place in its queue, and ends by itself', async () => {
      const store = bench();
      const { runId, jobId } = await waitFor(time());
      assert.deepEqual([store.depth(), store.last.nextDueAt], [noDepth, store.now + hourMs]);
      const { state, waitsFor, attempts } = await store.job(jobId);
      assert.deepEqual([state, waitsFor], ['delayed', { kind: 'time', until: new Date(store.now + hourMs).toISOString() }]);
      assert.deepEqual(attempts.map((attempt) => attempt.state), ['active'], 'its attempt is under way');
      await pass(hourMs - 1);
      assert.deepEqual(await store.states(runId), { run: 'running', only: 'running' });
      await pass(1);
      assert.deepEqual(await store.states(runId), { run: 'succeeded', only: 'succeeded' });
      const ended = await store.job(jobId);
      assert.deepEqual([ended.state, ended.output, ended.attempts.map(({ durationMs }) => durationMs)], ['succeeded', {}, [hourMs]]);
      assert.deepEqual([store.depth(), store.last.nextDueAt], [noDepth, undefined]);
    });

    it('is as long over a crash, and if the wall clock is set', async () => {
      const store = bench();
      const { runId } = await waitFor(time());
      assert.deepEqual((await store.crash()).interrupted, 0, 'nothing was under way');
      store.now += 86_400_000;
      await store.store.shiftWaits({ byMs: 86_400_000, anchor: { wallMs: store.now, uptimeMs: 1, hostname: 'here' } });
      await pass(hourMs - 1);
      assert.deepEqual(await store.states(runId), { run: 'running', only: 'running' });
      await pass(1);
      assert.deepEqual(await store.states(runId), { run: 'succeeded', only: 'succeeded' });
    });

    it('can be ended by a person', async () => {
      const { runId, jobId } = await waitFor(time());
      assert.deepEqual(await bench().store.retry({ jobIds: [jobId], now: bench().now }), { retried: [jobId] });
      assert.deepEqual(await bench().states(runId), { run: 'succeeded', only: 'succeeded' });
    });

    it('takes none of the room of its queue', async () => {
      const store = bench();
      await store.store.configure({ queues: [{ name: 'default', maxDepth: 1 }], env: {} });
      for (const _ of numbers(3)) await waitFor(time());
      await store.one();
      await assert.rejects(store.one(), { code: 'queue-full' });
    });

    it('is cancelled with its job and its run, and moved with its queue', async () => {
      const store = bench();
      const first = await waitFor(time());
      await store.store.cancelJob({ jobId: first.jobId, now: store.now });
      assert.deepEqual(await store.states(first.runId), { run: 'cancelled', only: 'cancelled' });
      assert.deepEqual((await store.job(first.jobId)).attempts.map(({ state }) => state), ['cancelled']);
      const second = await waitFor(time());
      assert.deepEqual(await store.store.moveQueue({ queue: 'default', to: 'other', limit: 10, isFirst: true }), { moved: 1, more: false });
      assert.deepEqual([store.depth(), store.depth('other'), (await store.job(second.jobId)).queue], [noDepth, noDepth, 'other']);
      await store.store.cancelRun({ runId: second.runId, now: store.now });
      await store.cascade();
      assert.deepEqual(await store.states(second.runId), { run: 'cancelled', only: 'cancelled' });
      assert.equal(store.last.nextDueAt, undefined);
    });

    it('goes with its run', async () => {
      const store = bench();
      await waitFor(time());
      await pass(hourMs);
      while ((await store.store.prune({ now: store.now, runsBefore: store.now + 1, deadLetters: [], limit: 10 })).more);
      assert.deepEqual((await store.store.listRuns({ limit: 10 })).runs, []);
    });
  });

  describe('for an answer', () => {
    it('gives what was answered, by whom and when; a second answer is told', async () => {
      const store = bench();
      const runId = await store.run(approval);
      const job = await store.next();
      await store.settle(job, { kind: 'wait', wait: signal() });
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
      await store.settle(await store.next(), { kind: 'wait', wait: signal() });
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
        const { runId, jobId } = await waitFor(signal('approve', { onTimeout, afterMs: hourMs }));
        await pass(hourMs);
        assert.deepEqual(await store.states(runId), { run: state, only: state });
        const job = await store.job(jobId);
        if (onTimeout === 'continue') assert.deepEqual(job.output, { payload: null, by: null, at: null });
        else assert.deepEqual([job.state, job.error?.kind, job.error?.cause, store.depth().dead], ['dead', 'timeout', 'no answer', 1]);
      });
    }

    it('is waited for again by a replay', async () => {
      const store = bench();
      const { runId, jobId } = await waitFor(signal('approve', { afterMs: hourMs }));
      await pass(hourMs);
      await store.store.replay({ jobIds: [jobId], now: store.now });
      await store.settle(await store.next(), { kind: 'wait', wait: signal() });
      await assert.rejects(store.store.recall({ jobIds: [jobId], now: store.now }), { code: 'wrong-state', message: /waiting/ });
      assert.deepEqual(await answer(runId), { ended: [jobId] });
      assert.deepEqual(await store.states(runId), { run: 'succeeded', only: 'succeeded' });
    });

    it('is not retried, and says what to do instead', async () => {
      const { runId, jobId } = await waitFor(signal());
      await assert.rejects(bench().store.retry({ jobIds: [jobId], now: bench().now }), { code: 'wrong-state', message: `The job j${jobId} waits for an answer: \`sluice signal r${runId} approve\`.` });
    });

    it('ends all that wait for it', async () => {
      const store = bench();
      const runId = await store.run(fanOut('on-item-failure: fail'), { list: numbers(3) });
      await store.fanOut();
      const jobs = await store.claim();
      for (const job of jobs) await store.settle(job, { kind: 'wait', wait: signal() });
      assert.equal((await answer(runId)).ended.length, 3);
      assert.equal((await store.states(runId))['each'], 'succeeded');
    });

    it('is no longer waited for when a sibling has died', async () => {
      const store = bench();
      const runId = await store.run(fanOut('on-item-failure: fail'), { list: numbers(3) });
      await store.fanOut();
      const [one, two, three] = await store.claim();
      assert.ok(one && two && three);
      await store.settle(one, { kind: 'wait', wait: signal() });
      await store.die(two);
      await store.settle(three, { kind: 'wait', wait: signal() });
      await store.cascade();
      assert.deepEqual(await store.jobStates(runId), ['cancelled', 'dead', 'cancelled'], 'what was under way when it died begins no wait');
    });
  });

  describe('for a run', () => {
    const start = async (text?: string): Promise<{ readonly runId: number; readonly jobId: number; readonly childId: number }> => {
      const { runId, jobId } = await waitFor(another(text));
      const { runs } = await bench().store.listRuns({ limit: 1 });
      return { runId, jobId, childId: Number(runs[0]?.id.slice(1)) };
    };

    it('makes it with the wait, and ends with it', async () => {
      const store = bench();
      const { runId, jobId, childId } = await start();
      assert.deepEqual((await store.job(jobId)).waitsFor, { kind: 'run', run: `r${childId}` });
      const { trigger, inputs } = await store.runDetail(childId);
      assert.deepEqual([trigger, inputs], [{ kind: 'workflow', run: `r${runId}`, job: `j${jobId}` }, { a: 1 }]);
      assert.equal(store.last.nextDueAt, undefined);
      await store.succeed(await store.next('inner'));
      assert.deepEqual([await store.states(childId), await store.states(runId)], [{ run: 'succeeded', inner: 'succeeded' }, { run: 'succeeded', only: 'succeeded' }]);
      assert.deepEqual((await store.job(jobId)).output, {});
    });

    it('is not made twice by an outcome that comes again', async () => {
      const store = bench();
      await store.one();
      const job = await store.next();
      for (const accepted of [true, false]) assert.deepEqual(await store.settle(job, { kind: 'wait', wait: another() }), { accepted });
      assert.equal((await store.store.listRuns({ limit: 10 })).runs.length, 2);
    });

    it('need not be waited for', async () => {
      const store = bench();
      const { runId, jobId } = await waitFor(another(child, { detached: true }));
      assert.deepEqual(await store.states(runId), { run: 'succeeded', only: 'succeeded' });
      assert.deepEqual((await store.job(jobId)).output, { run: 'r2' });
      await store.die(await store.next('inner'));
      assert.deepEqual([await store.states(2), await store.states(runId)], [{ run: 'failed', inner: 'failed' }, { run: 'succeeded', only: 'succeeded' }]);
    });

    it('that fails makes a dead letter, and a replay within it reopens both', async () => {
      const store = bench();
      const { runId, jobId, childId } = await start();
      const inner = await store.next('inner');
      await store.die(inner);
      assert.deepEqual([await store.states(childId), await store.states(runId)], [{ run: 'failed', inner: 'failed' }, { run: 'failed', only: 'failed' }]);
      const { error, attempts } = await store.job(jobId);
      assert.deepEqual([error?.kind, error?.cause, error?.message, attempts.length], ['run', 'run failed', `The run r${childId} of child failed at its step inner: The other side refuses.`, 1]);
      await store.store.replay({ jobIds: [inner.jobId], now: store.now });
      await store.succeed(await store.next('inner'));
      assert.deepEqual([await store.states(childId), await store.states(runId)], [{ run: 'succeeded', inner: 'succeeded' }, { run: 'succeeded', only: 'succeeded' }]);
      assert.deepEqual((await store.job(jobId)).attempts.map(({ number, round, state }) => [number, round, state]), [[1, 1, 'failed'], [2, 2, 'succeeded']]);
      assert.deepEqual(store.depth(), noDepth);
    });

    it('that fails again after a replay within it is a dead letter again', async () => {
      const store = bench();
      const two = 'steps:\n  one: { uses: test/scripted, queue: inner, with: { n: 1 } }\n  two: { needs: [one], uses: test/scripted, queue: inner, with: { n: 2 } }\n';
      const { runId, jobId, childId } = await start(two);
      const inner = await store.next('inner');
      await store.die(inner);
      await store.store.replay({ jobIds: [inner.jobId], now: store.now });
      await store.succeed(await store.next('inner'));
      assert.deepEqual([(await store.job(jobId)).state, (await store.job(jobId)).waitsFor], ['delayed', { kind: 'run', run: `r${childId}` }]);
      await store.die(await store.next('inner'));
      assert.deepEqual([(await store.job(jobId)).state, await store.states(runId)], ['dead', { run: 'failed', only: 'failed' }]);
    });

    it('a replay of the job that waited makes another one, and the first is its own', async () => {
      const store = bench();
      const { runId, jobId, childId } = await start();
      const inner = await store.next('inner');
      await store.die(inner);
      await store.store.replay({ jobIds: [jobId], now: store.now });
      await store.settle(await store.next(), { kind: 'wait', wait: another() });
      await store.store.replay({ jobIds: [inner.jobId], now: store.now });
      const [second, first] = await store.claim(2, 'inner');
      assert.ok(first && second);
      await store.succeed(first.jobId === inner.jobId ? first : second);
      assert.deepEqual([(await store.states(childId))['run'], (await store.states(runId))['run']], ['succeeded', 'failed'], 'another run is waited for by now');
      await store.succeed(first.jobId === inner.jobId ? second : first);
      assert.equal((await store.states(runId))['run'], 'succeeded');
    });

    it('is cancelled with the run that waits for it, and with its job', async () => {
      const store = bench();
      for (const how of ['run', 'job'] as const) {
        const { runId, jobId } = await start();
        const childId = runId + 1;
        const inner = await store.next('inner');
        if (how === 'run') await store.store.cancelRun({ runId, now: store.now });
        else await store.store.cancelJob({ jobId, now: store.now });
        await store.cascade();
        await store.settle(inner, { kind: 'cancelled' });
        assert.deepEqual([await store.states(childId), await store.states(runId)], [{ run: 'cancelled', inner: 'cancelled' }, { run: 'cancelled', only: 'cancelled' }], how);
      }
    });

    it('that is cancelled by itself makes a dead letter', async () => {
      const store = bench();
      const { jobId, childId } = await start();
      await store.store.cancelRun({ runId: childId, now: store.now });
      await store.cascade();
      assert.deepEqual([(await store.job(jobId)).state, (await store.job(jobId)).error?.cause], ['dead', 'run cancelled']);
    });

    it('waits for room where its first queue is full', async () => {
      const store = bench();
      await store.store.configure({ queues: [{ name: 'inner', maxDepth: 1 }], env: {} });
      await store.one('inner');
      const { jobId } = await waitFor(another());
      const { state, waitsFor, error, attempts } = await store.job(jobId);
      assert.deepEqual([state, waitsFor, error?.cause, attempts.map((attempt) => attempt.state)], ['delayed', undefined, 'queue full', ['throttled']]);
      await store.succeed(await store.next('inner'));
      await pass(5000);
      await store.settle(await store.next(), { kind: 'wait', wait: another() });
      assert.deepEqual((await store.job(jobId)).waitsFor, { kind: 'run', run: 'r3' });
    });

    it('is made 16 deep, and no deeper', async () => {
      const store = bench();
      const itself = 'steps:\n  only: { uses: test/scripted, with: { n: 1 } }\n';
      await store.run(itself);
      for (const _ of numbers(16)) await store.settle(await store.next(), { kind: 'wait', wait: another(itself, { version: 'itself' }) });
      const last = await store.next();
      await store.settle(last, { kind: 'wait', wait: another(itself, { version: 'itself' }) });
      assert.equal((await store.job(last.jobId)).error?.cause, 'nested too deeply');
      assert.equal((await store.states(1))['run'], 'failed', 'each fails the one above it');
    });

    it('is deleted before the one that started it', async () => {
      const store = bench();
      const { runId, childId } = await start();
      await store.succeed(await store.next('inner'));
      const prune = async () => store.store.prune({ now: store.now, runsBefore: store.now + 1, deadLetters: [], limit: 3 });
      await prune();
      assert.deepEqual((await store.store.listRuns({ limit: 9 })).runs.map(({ id }) => id), [`r${runId}`]);
      while ((await prune()).more);
      assert.deepEqual([(await store.store.listRuns({ limit: 9 })).runs, childId], [[], 2]);
    });
  });
}
