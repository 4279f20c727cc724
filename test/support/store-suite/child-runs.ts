import assert from 'node:assert/strict';
import type { Wait } from '../../../daemon/ledger/call.ts';
import { fanOut, numbers, type StoreBench } from './store-bench.ts';
import { noDepth, Waits } from './waits.ts';

const child = 'steps:\n  inner: { uses: test/scripted, queue: inner, with: { n: 1 } }\n';

/** A step starts another run, and waits for it. */
export function describeChildRuns(bench: () => StoreBench): void {
  const waits = new Waits(bench);
  const another = (text = child, { detached = false, version = 'child' }: { readonly detached?: boolean; readonly version?: string } = {}): Wait => ({
    for: 'run', run: { workflow: 'child', version, text, inputs: '{"a":1}' }, detached,
  });
  const start = async (text?: string): Promise<{ readonly runId: number; readonly jobId: number; readonly childId: number }> => {
    const { runId, jobId } = await waits.begin(another(text));
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

  it('is counted under the run that started it, by its state, and listed below it', async () => {
    const store = bench();
    const runId = await store.run(fanOut('on-item-failure: continue, key: "${{ item }}"'), { list: ['ana', 'bo', 'cy', 'di'] });
    await store.fanOut();
    const jobs = await store.claim();
    for (const [index, job] of jobs.entries()) await store.settle(job, { kind: 'wait', wait: index === 3 ? waits.signal() : another() });
    const children = async (): Promise<unknown> => (await store.runDetail(runId)).children;
    const listed = async (state?: 'running' | 'failed'): Promise<readonly unknown[]> => (await store.store.listRuns({ parentRun: runId, limit: 9, ...(state === undefined ? {} : { state }) })).runs.map(({ id, trigger: { key } }) => [id, key]);
    assert.deepEqual(await children(), { total: 3, running: 3, succeeded: 0, failed: 0, cancelled: 0 });
    assert.deepEqual((await store.runDetail(runId)).waits?.map(({ kind, job, run }) => [kind, job, run]), [['signal', 'j4', undefined], ['run', 'j1', 'r2'], ['run', 'j2', 'r3'], ['run', 'j3', 'r4']], 'what somebody has to answer comes first');
    const inner = await store.claim(3, 'inner');
    for (const [index, job] of inner.entries()) await (index === 0 ? store.succeed(job) : index === 1 ? store.die(job) : Promise.resolve());
    assert.deepEqual(await children(), { total: 3, running: 1, succeeded: 1, failed: 1, cancelled: 0 });
    assert.deepEqual([await listed(), await listed('failed'), await listed('running')], [[['r4', 'cy'], ['r3', 'bo'], ['r2', 'ana']], [['r3', 'bo']], [['r4', 'cy']]]);
    const { runs } = await store.store.listRuns({ parentRun: null, limit: 9 });
    assert.deepEqual(runs.map(({ id, children: counts }) => [id, counts?.total]), [[`r${runId}`, 3]], 'the list of runs shows the one above them only');
    assert.equal((await store.runDetail(2)).children, undefined);
    await store.store.cancelRun({ runId: 4, now: store.now });
    await store.cascade();
    await store.settle(inner[2] ?? assert.fail(), { kind: 'cancelled' });
    await store.store.replay({ jobIds: [inner[1]?.jobId ?? 0], now: store.now });
    await store.succeed(await store.next('inner'));
    assert.deepEqual(await children(), { total: 3, running: 0, succeeded: 2, failed: 0, cancelled: 1 }, 'as a replay has left them');
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
    const { runId, jobId } = await waits.begin(another(child, { detached: true }));
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

  it('is not replayed any more when a replay of the job that waited has made another one', async () => {
    const store = bench();
    const { runId, jobId, childId } = await start();
    const inner = await store.next('inner');
    await store.die(inner);
    await store.store.replay({ jobIds: [jobId], now: store.now });
    await store.settle(await store.next(), { kind: 'wait', wait: another() });
    await assert.rejects(store.store.replay({ jobIds: [inner.jobId], now: store.now }), { code: 'wrong-state' });
    await store.succeed(await store.next('inner'));
    assert.deepEqual([(await store.states(childId))['run'], (await store.states(runId))['run']], ['failed', 'succeeded']);
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
    const { jobId } = await waits.begin(another());
    const { state, waitsFor, error, attempts } = await store.job(jobId);
    assert.deepEqual([state, waitsFor, error?.cause, attempts.map((attempt) => attempt.state)], ['delayed', undefined, 'queue full', ['throttled']]);
    await store.succeed(await store.next('inner'));
    await waits.pass(5000);
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
}
