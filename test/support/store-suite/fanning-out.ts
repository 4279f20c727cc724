import assert from 'node:assert/strict';
import { fanOut, numbers, refused, type StoreBench } from './store-bench.ts';

export function describeFanningOut(bench: () => StoreBench): void {
  it('makes jobs of items chunk by chunk, each key once', async () => {
    const store = bench();
    const run = await store.run(fanOut('key: "${{ item.id }}", on-item-failure: continue'), { list: ['a', 'b', 'a', 'c', 'b'].map((id) => ({ id })) });
    const [expansion] = store.last.expanding;
    assert.ok(expansion);
    assert.deepEqual({ ...expansion, stepId: 0 }, { stepId: 0, queue: 'default', cursor: 0 });
    const { stepId } = expansion;
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 2 }), { kind: 'more', cursor: 2 });
    assert.equal(store.last.expanding[0]?.cursor, 2);
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 2 }), { kind: 'more', cursor: 4 });
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 2 }), { kind: 'done', cursor: 5 });
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 2 }), { kind: 'closed', cursor: 5 });
    assert.deepEqual(store.last.expanding, []);
    assert.deepEqual((await store.jobs(run)).map(({ key, index }) => [key, index]), [['a', 0], ['b', 1], ['c', 3]]);
    assert.equal((await store.runDetail(run)).steps[0]?.duplicates, 2);
  });

  it('continues after a crash in its middle, with the same time and without a gap or a repeat', async () => {
    const store = bench();
    const text = fanOut('on-item-failure: continue').replace('{ item: "${{ item }}" }', '{ item: "${{ item }}", at: "${{ now() }}" }');
    const run = await store.run(text, { list: numbers(5) });
    const stepId = store.last.expanding[0]?.stepId ?? 0;
    await store.store.fanOut({ stepId, now: store.now, limit: 2 });
    store.now += 60_000;
    const { committed } = await store.crash();
    assert.deepEqual(committed.expanding, [{ stepId, queue: 'default', cursor: 2 }]);
    await store.fanOut();
    const payloads = (await store.claim()).map((job) => JSON.parse(job.payload) as { item: number; at: unknown });
    assert.deepEqual(payloads.map(({ item }) => item), numbers(5));
    assert.equal(new Set(payloads.map(({ at }) => JSON.stringify(at))).size, 1);
    assert.deepEqual(await store.jobStates(run), numbers(5).map(() => 'active'));
  });

  it('makes batches of what passes, over a crash, and never a batch of which more items may come', async () => {
    const store = bench();
    const run = await store.run(fanOut('where: item > 0, batch: 3, key: "${{ item }}", on-item-failure: continue'), { list: [0, 1, 1, 2, 0, 3, 4, 5] });
    const stepId = store.last.expanding[0]?.stepId ?? 0;
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 1 }), { kind: 'more', cursor: 6 });
    await store.crash();
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 1 }), { kind: 'done', cursor: 8 });
    assert.deepEqual((await store.jobs(run)).map(({ key, index }) => [key, index]), [['["1","2","3"]', 1], ['["4","5"]', 6]]);
    assert.equal((await store.runDetail(run)).steps[0]?.duplicates, 1);
    assert.deepEqual((await store.claim()).map((job) => JSON.parse(job.payload) as unknown), [{ item: [1, 2, 3] }, { item: [4, 5] }]);
  });

  it('takes large results of another step as its items, in several chunks and over a crash', async () => {
    const store = bench();
    const run = await store.run(
      `inputs: { list: { type: array } }
steps:
  each: { uses: test/scripted, queue: first, foreach: { items: "\${{ inputs.list }}", on-item-failure: continue }, with: {} }
  again: { needs: each, uses: test/scripted, foreach: { items: "\${{ steps.each.results }}", key: "\${{ item.output.n }}", on-item-failure: continue }, with: { n: "\${{ item.output.n }}", size: "\${{ size(item.output.text) }}", last: "\${{ steps.each.results[6].output.n }}" } }
`,
      { list: numbers(7) },
    );
    await store.fanOut();
    for (const [n, job] of (await store.claim(100, 'first')).entries()) await store.succeed(job, { n, text: 'x'.repeat(20_000 + n) });
    const stepId = store.last.expanding[0]?.stepId ?? 0;
    for (const cursor of [3, 6]) assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 3 }), { kind: 'more', cursor });
    await store.crash();
    await store.fanOut();
    const payloads = (await store.claim()).map((job) => JSON.parse(job.payload) as unknown);
    assert.deepEqual(payloads, numbers(7).map((_, n) => ({ n, size: 20_000 + n, last: 6 })));
    const last = (await store.jobs(run)).find(({ step, index }) => step === 'again' && index === 6);
    assert.equal(((await store.job(Number(last?.id.slice(1)))).item as { output: { text: string } } | undefined)?.output.text.length, 20_006);
  });

  it('takes the first items only, until the run is continued: over a crash, and no key twice', async () => {
    const store = bench();
    const list = ['a', 'b', 'a', 'c', 'b', 'd'].map((id) => ({ id }));
    const run = await store.run(fanOut('key: "${{ item.id }}", on-item-failure: continue'), { list }, 'test', 2);
    const stepId = store.last.expanding[0]?.stepId ?? 0;
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 100 }), { kind: 'held', cursor: 2 });
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 100 }), { kind: 'held', cursor: 2 });
    assert.equal((await store.runDetail(run)).heldAfter, 2);
    assert.deepEqual((await store.crash()).committed.expanding, [{ stepId, queue: 'default', cursor: 2, held: true }]);
    for (const job of await store.claim()) await store.succeed(job);
    assert.deepEqual(await store.states(run), { run: 'running', each: 'running', after: 'waiting' }, 'what needs the step waits for all of its items');

    await store.store.continueRun({ runId: run });
    assert.deepEqual(store.last.expanding, [{ stepId, queue: 'default', cursor: 2 }]);
    assert.equal((await store.runDetail(run)).heldAfter, undefined);
    await store.fanOut();
    assert.deepEqual((await store.jobs(run)).filter(({ step }) => step === 'each').map(({ key, state }) => [key, state]), [['a', 'succeeded'], ['b', 'succeeded'], ['c', 'pending'], ['d', 'pending']]);
    await assert.rejects(store.store.continueRun({ runId: run }), { code: 'wrong-state' });
    await assert.rejects(store.store.continueRun({ runId: 999 }), { code: 'not-found' });
  });

  it('holds nothing if the first items are all there are', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(2) }, 'test', 2);
    await store.fanOut();
    assert.deepEqual(store.last.expanding, []);
    assert.equal((await store.runDetail(run)).heldAfter, undefined);
  });

  it('cancels a run that is held', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(9) }, 'test', 2);
    await store.fanOut();
    await store.store.cancelRun({ runId: run, now: store.now });
    await assert.rejects(store.store.continueRun({ runId: run }), { code: 'wrong-state' });
    await store.cascade();
    assert.equal((await store.states(run))['run'], 'cancelled');
  });

  it('takes the items of a file from the caller', async () => {
    const store = bench();
    const run = await store.run(
      'steps:\n  each: { uses: test/scripted, foreach: { file: people.csv, on-item-failure: continue }, with: { name: "${{ item.name }}" } }\n',
    );
    const [expansion] = store.last.expanding;
    assert.equal(expansion?.file, 'people.csv');
    const { stepId } = expansion;
    const rows = (from: number, names: string[], last: boolean) => ({ from, items: names.map((name) => JSON.stringify({ name })), last });
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 2, rows: rows(0, ['a', 'b', 'c'], true) }), { kind: 'more', cursor: 2 });
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 2, rows: rows(2, ['c'], true) }), { kind: 'done', cursor: 3 });
    assert.deepEqual((await store.claim()).map(({ payload }) => JSON.parse(payload) as unknown), [{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
    assert.equal((await store.runDetail(run)).steps[0]?.expanded, true);
  });

  it('hands out how a file is read, and keeps what it turned out to be', async () => {
    const store = bench();
    const found = { encoding: 'windows-1252' as const, delimiter: ';', columns: ['name', 'größe'], items: 1 };
    const text = 'steps: { each: { uses: test/scripted, with: { name: "${{ item.name }}" }, foreach: { file: a.csv, csv: { delimiter: ";", encoding: windows-1252, types: { größe: number } }, on-item-failure: fail } } }';
    const run = await store.run(text);
    const open = store.last.expanding[0];
    assert.deepEqual([open?.file, open?.csv], ['a.csv', { delimiter: ';', encoding: 'windows-1252', types: { größe: 'number' } }]);
    const stepId = open?.stepId ?? 0;
    assert.deepEqual([(await store.runDetail(run)).steps[0]?.file, (await store.runDetail(run)).steps[0]?.found], ['a.csv', undefined]);
    await store.store.describeItems({ stepId, found });
    assert.deepEqual((await store.runDetail(run)).steps[0]?.found, found);
    assert.deepEqual(store.last.expanding[0]?.csv, open?.csv);
    await store.store.fanOut({ stepId, now: store.now, limit: 2, rows: { from: 0, items: ['{"name":"a"}'], last: true } });
    // Its step takes no items by now.
    await store.store.describeItems({ stepId, found: { encoding: 'utf-8', items: 0 } });
    assert.deepEqual((await store.runDetail(run)).steps[0]?.found, found);
  });

  it('succeeds with no items at all', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: fail'), { list: [] });
    await store.fanOut();
    assert.deepEqual(await store.states(run), { run: 'running', each: 'succeeded', after: 'running' });
  });

  it('refuses a run whose first queue is full, and lets a fan-out wait for room', async () => {
    const store = bench();
    await store.store.configure({ queues: [{ name: 'default', maxDepth: 2 }], env: {} });
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(3) });
    const stepId = store.last.expanding[0]?.stepId ?? 0;
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 10 }), { kind: 'more', cursor: 2 });
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 10 }), { kind: 'full', cursor: 2 });
    await assert.rejects(store.one(), { code: 'queue-full', data: { queue: 'default', waiting: 2, maxDepth: 2 } });
    assert.equal((await store.store.listRuns({ limit: 10 })).runs.length, 1);
    const [first] = await store.claim(1);
    assert.ok(first);
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 10 }), { kind: 'done', cursor: 3 });
    assert.equal((await store.jobs(run)).length, 3);
  });

  it('fails a step whose items are not a list, or can not be read, and cancels what it made so far', async () => {
    const store = bench();
    const noList = await store.run(fanOut('on-item-failure: continue'), { list: 'no' });
    const stepId = store.last.expanding[0]?.stepId ?? 0;
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 2 }), { kind: 'closed', cursor: 0 });
    assert.deepEqual(await store.states(noList), { run: 'failed', each: 'failed', after: 'skipped' });

    const broken = await store.run(fanOut('on-item-failure: continue'), { list: numbers(4) });
    const other = store.last.expanding[0]?.stepId ?? 0;
    await store.store.fanOut({ stepId: other, now: store.now, limit: 2 });
    await store.store.failFanOut({ stepId: other, error: refused, now: store.now });
    assert.equal(store.last.cascading, true);
    await store.cascade();
    assert.deepEqual(await store.jobStates(broken), ['cancelled', 'cancelled']);
    assert.equal((await store.runDetail(broken)).steps[0]?.error?.message, refused.message);
  });

  it('does not take a failed fan-out for a whole one because a replay of its jobs succeeds', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: continue'), { list: numbers(4) });
    const stepId = store.last.expanding[0]?.stepId ?? 0;
    await store.store.fanOut({ stepId, now: store.now, limit: 1 });
    await store.die(await store.next());
    await store.store.failFanOut({ stepId, error: refused, now: store.now });
    await store.cascade();
    await store.store.replay({ jobIds: await store.ids(run), now: store.now });
    await store.succeed(await store.next());
    await store.fanOut();
    for (const job of await store.claim()) await store.succeed(job);
    assert.deepEqual(await store.jobStates(run), [...numbers(4).map(() => 'succeeded'), 'pending']);
    assert.equal((await store.runDetail(run)).steps[0]?.jobs.succeeded, 4);
  });

  it('makes an item with an unusable key a dead letter, and of the others jobs', async () => {
    const store = bench();
    const run = await store.run(fanOut('key: "${{ item.id }}", on-item-failure: continue, tolerate: 3'), {
      list: [{ id: 'ok' }, { id: '' }, { id: 'x'.repeat(1001) }, {}],
    });
    await store.fanOut();
    assert.deepEqual(await store.jobStates(run), ['pending', 'dead', 'dead', 'dead']);
  });

  it('continues after failed items, up to a count or a share of them', async () => {
    const store = bench();
    const outcome = async (foreach: string, dead: number): Promise<string | undefined> => {
      const run = await store.run(fanOut(foreach), { list: numbers(10) });
      await store.fanOut();
      for (const job of (await store.claim()).filter((one) => one.runId === run)) {
        if (dead-- > 0) await store.die(job);
        else await store.succeed(job);
      }
      return (await store.states(run))['each'];
    };
    assert.equal(await outcome('on-item-failure: continue', 0), 'succeeded');
    assert.equal(await outcome('on-item-failure: continue', 1), 'failed');
    assert.equal(await outcome('on-item-failure: continue, tolerate: 2', 2), 'succeeded');
    assert.equal(await outcome('on-item-failure: continue, tolerate: 2', 3), 'failed');
    assert.equal(await outcome('on-item-failure: continue, tolerate: 20%', 2), 'succeeded');
    assert.equal(await outcome('on-item-failure: continue, tolerate: 20%', 3), 'failed');
  });

  it('stops at the first item too many that fails, where failing is asked for', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: fail, tolerate: 1'), { list: numbers(8) });
    await store.fanOut();
    const [first, second, third, fourth] = await store.claim(4);
    assert.ok(first && second && third && fourth);
    await store.die(first);
    assert.equal((await store.states(run))['each'], 'running');
    await store.die(second);
    assert.deepEqual(await store.states(run), { run: 'failed', each: 'failed', after: 'skipped' });
    assert.deepEqual(await store.store.cascade({ now: store.now, limit: 2 }), { more: true });
    assert.deepEqual(await store.claim(), [], 'nothing of it starts, whether the cascade has come to it or not');
    await store.cascade();
    assert.equal(store.last.cascading, false);
    await store.succeed(third);
    await store.retryIn(fourth, 1000);
    assert.deepEqual(await store.jobStates(run), ['dead', 'dead', 'succeeded', ...numbers(5).map(() => 'cancelled')]);
  });

  it('makes no more of the items of a step that has failed', async () => {
    const store = bench();
    const run = await store.run(fanOut('on-item-failure: fail'), { list: numbers(6) });
    const stepId = store.last.expanding[0]?.stepId ?? 0;
    await store.store.fanOut({ stepId, now: store.now, limit: 2 });
    await store.die(await store.next());
    assert.deepEqual(await store.store.fanOut({ stepId, now: store.now, limit: 2 }), { kind: 'closed', cursor: 2 });
    await store.cascade();
    assert.deepEqual((await store.crash()).committed.expanding, []);
    assert.deepEqual(await store.jobStates(run), ['dead', 'cancelled']);
  });
}


