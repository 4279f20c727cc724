import assert from 'node:assert/strict';
import { fanOut, numbers, refused, serverError, type StoreBench } from './store-bench.ts';

export function describeLooking(bench: () => StoreBench): void {
  it('lists runs newest first, page by page, by workflow and state', async () => {
    const store = bench();
    const runs: number[] = [];
    for (const workflow of ['a', 'b', 'a', 'a']) runs.push(await store.run(`name: ${workflow}\nsteps:\n  s: { uses: test/scripted, with: {} }\n`, {}, workflow));
    await store.succeed(await store.next());
    const ids = async (params: object): Promise<readonly string[]> => {
      const found: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await store.store.listRuns({ ...params, limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        assert.ok(page.runs.length <= 2);
        found.push(...page.runs.map(({ id }) => id));
        if (page.next === undefined) return found;
        cursor = page.next;
      }
    };
    const [first, second, third, fourth] = runs.map((run) => `r${run}`);
    assert.deepEqual(await ids({}), [fourth, third, second, first]);
    assert.deepEqual(await ids({ workflow: 'a' }), [fourth, third, first]);
    assert.deepEqual(await ids({ workflow: 'a', state: 'running' }), [fourth, third]);
    assert.deepEqual(await ids({ state: 'succeeded' }), [first]);
    for (const cursor of ['', 'x', '1.5', '-1']) {
      await assert.rejects(store.store.listRuns({ limit: 2, cursor }), { code: 'invalid-params' }, cursor);
      await assert.rejects(store.store.listJobs({ limit: 2, cursor: `${cursor}.x` }), { code: 'invalid-params' }, cursor);
    }
    assert.equal(await store.store.getRun({ runId: 999 }), undefined);
    assert.equal(await store.store.getJob({ jobId: 999 }), undefined);
  });

  it('shows inputs but for very large ones', async () => {
    const store = bench();
    const small = await store.run(fanOut('on-item-failure: continue'), { list: [1] });
    const large = await store.run(fanOut('on-item-failure: continue'), { list: ['x'.repeat(70_000)] });
    assert.deepEqual((await store.runDetail(small)).inputs, { list: [1] });
    const detail = await store.runDetail(large);
    assert.equal(detail.inputs, null);
    assert.ok(detail.inputBytes > 70_000);
  });

  it('counts dead letters by queue and group, the group with the newest first, and lists those of a group', async () => {
    const store = bench();
    for (let n = 0; n < 3; n++) await store.one('a');
    for (let n = 0; n < 2; n++) await store.one('b');
    const began = store.now;
    const died: string[] = [];
    for (const queue of ['a', 'b', 'a', 'b', 'a']) {
      store.now += 1000;
      const job = await store.next(queue);
      died.push(`j${job.jobId}`);
      await store.settle(job, { kind: 'dead', error: died.length === 5 ? serverError : refused });
    }
    const at = (seconds: number): string => new Date(began + seconds * 1000).toISOString();
    const groupOf = (cause: string): object => ({ group: `test/scripted: ${cause}`, uses: 'test/scripted', title: cause });
    const late = { queue: 'a', ...groupOf('503'), count: 1, newestAt: at(5), newest: died[4], oldestAt: at(5) };
    const ofB = { queue: 'b', ...groupOf('400'), count: 2, newestAt: at(4), newest: died[3], oldestAt: at(2) };
    const ofA = { queue: 'a', ...groupOf('400'), count: 2, newestAt: at(3), newest: died[2], oldestAt: at(1) };
    assert.deepEqual(await store.store.deadGroups({ limit: 10 }), { groups: [late, ofB, ofA], others: 0 });
    assert.deepEqual(await store.store.deadGroups({ limit: 1 }), { groups: [late], others: 4 });
    assert.deepEqual(await store.store.deadGroups({ queue: 'b', limit: 10 }), { groups: [ofB], others: 0 });
    assert.deepEqual(await store.store.deadGroups({ queue: 'nowhere', limit: 10 }), { groups: [], others: 0 });
    const listed = await store.store.listJobs({ queue: 'a', state: 'dead', group: 'test/scripted: 400', limit: 10 });
    assert.deepEqual(listed.jobs.map(({ id }) => id), [died[2], died[0]]);
    await store.store.replay({ jobIds: [Number(died[4]?.slice(1))], now: store.now });
    assert.deepEqual((await store.store.deadGroups({ limit: 10 })).groups, [ofB, ofA]);
  });

  it('groups dead letters by what the answer says, and those that could never be sent by what is wrong with them', async () => {
    const store = bench();
    for (const body of ['{"message":"order 1 not found"}', '{"message":"order 22 not found"}', '{"message":"field email is invalid"}']) {
      await store.one();
      await store.settle(await store.next(), { kind: 'dead', error: refused }, { response: JSON.stringify({ status: 400, body }) });
    }
    await store.run('inputs: { of: { type: object } }\nsteps:\n  s: { uses: test/scripted, with: { n: "${{ inputs.of.more }}" } }\n', { of: {} });
    const { groups } = await store.store.deadGroups({ limit: 10 });
    assert.deepEqual(groups.map(({ title, count }) => [title.replace(/^(expression failed): .*/, '$1'), count]).sort(), [
      ['400: field email is invalid', 1],
      ['400: order <number> not found', 2],
      ['expression failed', 1],
    ]);
    const { jobs } = await store.store.listJobs({ state: 'dead', group: 'test/scripted: 400: order <number> not found', limit: 10 });
    assert.deepEqual(jobs.map(({ group }) => group), Array(2).fill('test/scripted: 400: order <number> not found'));
  });

  it('lists jobs by queue, state, run, step and an expression, newest first and page by page', async () => {
    const store = bench();
    const run = await store.run(fanOut('key: "${{ item }}", on-item-failure: continue'), { list: numbers(7).map((n) => `k${n}`) });
    await store.fanOut();
    await store.one('other');
    for (const job of await store.claim(2)) await store.die(job);
    const keys = async (params: Partial<Parameters<typeof store.store.listJobs>[0]>): Promise<readonly (string | undefined)[]> => {
      const found: (string | undefined)[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await store.store.listJobs({ ...params, limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        assert.ok(page.jobs.length <= 2);
        found.push(...page.jobs.map(({ key }) => key));
        if (page.next === undefined) return found;
        cursor = page.next;
      }
    };
    assert.deepEqual(await keys({}), [undefined, 'k6', 'k5', 'k4', 'k3', 'k2', 'k1', 'k0']);
    assert.deepEqual(await keys({ queue: 'other' }), [undefined]);
    assert.deepEqual(await keys({ queue: 'default', state: 'pending' }), ['k6', 'k5', 'k4', 'k3', 'k2']);
    assert.deepEqual(await keys({ runId: run, step: 'each', state: 'dead' }), ['k1', 'k0']);
    assert.deepEqual(await keys({ runId: run, step: 'after' }), []);
    assert.deepEqual(await keys({ step: 'only' }), [undefined]);
    assert.deepEqual(await keys({ where: 'index > 3 && payload.item != "k5"' }), ['k6', 'k4']);
    assert.deepEqual(await keys({ where: 'error.status == 400' }), ['k1', 'k0']);
    assert.deepEqual(await keys({ where: 'item == "k2"' }), ['k2']);
    await assert.rejects(store.store.listJobs({ where: 'index >', limit: 1 }), { code: 'invalid-params' });
  });

  it('lists dead letters by when they died, the latest first', async () => {
    const store = bench();
    for (let count = 0; count < 4; count++) await store.one();
    const jobs = await store.claim();
    for (const index of [2, 0, 3, 1]) {
      const job = jobs[index];
      assert.ok(job);
      if (index !== 3) store.now += 10;
      await store.die(job);
    }
    const first = await store.store.listJobs({ state: 'dead', limit: 2 });
    assert.ok(first.next);
    const second = await store.store.listJobs({ state: 'dead', limit: 9, cursor: first.next });
    const order = [1, 3, 0, 2].map((index) => `j${jobs[index]?.jobId}`);
    assert.deepEqual([...first.jobs, ...second.jobs].map(({ id }) => id), order);
    assert.equal(second.next, undefined);
  });

  it('tells what each transaction changed, and only that', async () => {
    const store = bench();
    const mine = await store.one('mine');
    await store.one('other');
    await store.settle(await store.next('mine'), { kind: 'interrupted' });
    assert.deepEqual(store.last.queues, [{ name: 'mine', pending: 1, delayed: 0, active: 0, dead: 0, arrived: 0, left: 0 }]);
    await store.retryIn(await store.next('mine'), 500);
    const { queues, nextDueAt, expanding, cascading, runningRuns } = store.last;
    assert.deepEqual(queues, [{ name: 'mine', pending: 0, delayed: 1, active: 0, dead: 0, arrived: 0, left: 0 }]);
    assert.deepEqual([nextDueAt, expanding, cascading, runningRuns], [store.now + 500, [], false, 2]);
    store.now += 500;
    await store.die(await store.next('mine'));
    assert.deepEqual([store.last.runs, store.last.runningRuns], [[mine], 1]);
    const commits = store.commits.length;
    await Promise.all([store.one(), store.one(), store.one()]);
    assert.equal(store.commits.length, commits + 1, 'calls of one turn share a transaction');
  });

  it('lets one call of a turn fail without the others', async () => {
    const store = bench();
    const settled = await Promise.allSettled([
      store.one(),
      store.store.cancelRun({ runId: 999, now: store.now }),
      store.run('this: is not a workflow'),
      store.one(),
    ]);
    assert.deepEqual(settled.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    assert.equal(store.depth().pending, 2);
  });

  it('deletes old ended runs in batches, but neither dead letters nor what is running, and never gives a number twice', async () => {
    const store = bench();
    const done = await store.run(fanOut('on-item-failure: continue'), { list: numbers(5) });
    await store.fanOut();
    for (const _round of [1, 2]) for (const job of await store.claim()) await store.succeed(job);
    const dead = await store.one();
    const job = await store.next();
    await store.die(job);
    const going = await store.one();
    const later = store.now + 1000;
    const prune = (limit: number) => store.store.prune({ now: later, runsBefore: later, deadLetters: [], limit });
    assert.deepEqual(await prune(2), { more: true });
    await store.assertSound();
    while ((await prune(2)).more);
    const left = async () => (await store.store.listRuns({ limit: 10 })).runs.map(({ id }) => id);
    assert.deepEqual(await left(), [`r${going}`, `r${dead}`]);
    assert.deepEqual([await store.store.getRun({ runId: done }), (await store.jobs(done)).length], [undefined, 0]);

    const discarding = () => store.store.prune({ now: later, runsBefore: later, deadLetters: [{ queue: 'default', before: later }], limit: 100 });
    while ((await discarding()).more);
    assert.deepEqual([store.depth().dead, await left()], [0, [`r${going}`]]);
    await store.succeed(await store.next());
    assert.deepEqual(await prune(100), { more: false });
    assert.deepEqual(await left(), []);
    await store.crash();
    const next = await store.run(fanOut('on-item-failure: continue'), { list: [1] });
    assert.ok(next > going);
    assert.ok((store.last.expanding[0]?.stepId ?? 0) > 4, "a step's number isn't given twice either");
    await store.fanOut();
    const claimed = await store.next();
    assert.ok(claimed.jobId > job.jobId + 1);
    assert.deepEqual([claimed.runId, claimed.step], [next, 'each']);
  });

  it('tells its size, and can be asked to prove that it can be written', async () => {
    const store = bench();
    const { bytes } = await store.store.size();
    assert.ok(bytes > 0);
    await store.store.probe({ now: store.now });
    await store.store.probe({ now: store.now + 1 });
  });
}
