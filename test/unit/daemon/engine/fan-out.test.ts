import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;

describe('a fan-out', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(async () => {
    assert.deepEqual(await bench.faults(), []);
    await bench.dispose();
  });

  const numbers = (count: number): { list: number[] } => ({ list: Array.from({ length: count }, (_, index) => index) });
  const over = (items: string, { queue = '', foreach = '', input = 'n: "${{ item }}"' } = {}): string => `
queues: { mail: { concurrency: 100${queue} } }
inputs: { list: {} }
steps:
  each:
    queue: mail
    uses: test/scripted
    foreach: { items: "${items}", on-item-failure: continue${foreach} }
    with: { ${input} }
  after: { needs: [each], if: always(), uses: test/scripted, with: { after: true } }
`;

  it('makes one job of each item, in order', async () => {
    const run = await bench.run(over('${{ inputs.list }}'), numbers(1234));
    assert.deepEqual(bench.action.inputs.slice(0, -1).map(({ n }) => n), numbers(1234).list);
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
  });

  it('over no items succeeds immediately', async () => {
    const run = await bench.run(over('${{ inputs.list }}'), numbers(0));
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
    assert.equal((await bench.jobs(run, 'each')).length, 0);
  });

  it('waits after its first items, and takes the rest when the run is continued, also of a file that has changed and after a restart', async () => {
    writeFileSync(path.join(bench.folder, 'list.jsonl'), numbers(1200).list.map((n) => JSON.stringify(n)).join('\n'));
    const run = await bench.run(over('').replace('items: ""', 'file: list.jsonl'), {}, 5);
    assert.deepEqual(bench.action.inputs.map(({ n }) => n), numbers(5).list);
    assert.deepEqual(await bench.states(run), { run: 'running', each: 'running', after: 'waiting' });
    rmSync(path.join(bench.folder, 'list.jsonl'));
    await bench.engine.stop();
    await bench.start();
    assert.equal(bench.action.inputs.length, 5);
    await bench.store.continueRun({ runId: run });
    await bench.rest();
    assert.deepEqual(bench.action.inputs.slice(0, -1).map(({ n }) => n), numbers(1200).list);
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
  });

  for (const [value, name] of [['text', 'a string'], [7, 'a number'], [null, 'null'], [{ a: 1 }, 'an object']] as const) {
    it(`over ${name} fails its step and says so`, async () => {
      const run = await bench.run(over('${{ inputs.list }}'), { list: value });
      assert.deepEqual(await bench.states(run), { run: 'failed', each: 'failed', after: 'succeeded' });
      const { steps } = await bench.runDetail(run);
      assert.match(steps[0]?.error?.message ?? '', new RegExp(`must be a list, and is ${name}`));
    });
  }

  it('over an expression that has no value fails its step and says which', async () => {
    const run = await bench.run(over('${{ inputs.list.people }}'), { list: {} });
    const { steps } = await bench.runDetail(run);
    assert.match(steps[0]?.error?.message ?? '', /inputs\.list\.people/);
  });

  it('leaves out items whose key an earlier one has', async () => {
    const run = await bench.run(over('${{ inputs.list }}', { foreach: ', key: "${{ item % 10 }}"' }), numbers(1000));
    const { steps } = await bench.runDetail(run);
    assert.deepEqual([steps[0]?.jobs.total, steps[0]?.duplicates], [10, 990]);
  });

  describe('with where and batch', () => {
    const batches = (): readonly unknown[] => bench.action.inputs.flatMap(({ n }) => (n === undefined ? [] : [n]));
    const chunked = (list: readonly number[], size: number): readonly (readonly number[])[] => Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));

    it('makes one job of each batch, the last with what is left', async () => {
      const run = await bench.run(over('${{ inputs.list }}', { foreach: ', batch: 100' }), numbers(1234));
      assert.deepEqual(batches(), chunked(numbers(1234).list, 100));
      assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
      assert.deepEqual((await bench.jobs(run, 'each')).map(({ index }) => index), chunked(numbers(1234).list, 100).map(([first]) => first));
    });

    it('looks at each item before it puts them together, and counts those left out as no jobs', async () => {
      const run = await bench.run(over('${{ inputs.list }}', { foreach: ', where: "${{ item % 3 == 0 }}", batch: 50' }), numbers(3000));
      assert.deepEqual(batches(), chunked(numbers(3000).list.filter((n) => n % 3 === 0), 50));
      const { steps } = await bench.runDetail(run);
      assert.deepEqual([steps[0]?.jobs.total, steps[0]?.duplicates], [20, 0]);
    });

    it('keeps items single without batch; a step of which nothing passes succeeds', async () => {
      await bench.run(over('${{ inputs.list }}', { foreach: ', where: item > 7' }), numbers(10));
      assert.deepEqual(batches(), [8, 9]);
      const run = await bench.run(over('${{ inputs.list }}', { foreach: ', where: item > 99, batch: 2' }), numbers(10));
      assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
      assert.equal((await bench.jobs(run, 'each')).length, 0);
    });

    it('fills batches from a file, over a crash and a full queue', async () => {
      writeFileSync(path.join(bench.folder, 'list.jsonl'), numbers(5000).list.map((n) => JSON.stringify(n)).join('\n'));
      await bench.run(over('', { queue: ', max-depth: 3', foreach: ', where: item % 5 == 0, batch: 60', input: 'n: "${{ item }}", do: "slow:1"' }).replace('items: ""', 'file: list.jsonl'));
      await bench.advance(2 * second);
      await bench.crash();
      await bench.start();
      await bench.advance(600 * second);
      // What a crash interrupts is tried again.
      const sent = [...new Map(batches().map((batch) => [JSON.stringify(batch), batch])).values()];
      assert.deepEqual(sent, chunked(numbers(5000).list.filter((n) => n % 5 === 0), 60));
    });

    it('makes a smaller batch rather than look through a file without end', async () => {
      writeFileSync(path.join(bench.folder, 'list.jsonl'), numbers(25_000).list.map((n) => JSON.stringify(n)).join('\n'));
      await bench.run(over('', { foreach: ', where: item % 5000 == 0, batch: 100' }).replace('items: ""', 'file: list.jsonl'));
      assert.deepEqual(batches().flat(), [0, 5000, 10_000, 15_000, 20_000]);
      assert.ok(batches().length <= 4, JSON.stringify(batches()));
    });

    it('sends an item once whose key its batch has, and a batch once whose keys an earlier one has', async () => {
      const list = ['a', 'a', 'b', 'c', 'a', 'b', 'd'];
      const run = await bench.run(over('${{ inputs.list }}', { foreach: ', key: "${{ item }}", batch: 2' }), { list });
      assert.deepEqual(batches(), [['a', 'b'], ['c', 'a'], ['b', 'd']]);
      const again = await bench.run(over('${{ inputs.list }}', { foreach: ', key: "${{ item }}", batch: 2' }), { list: ['a', 'b', 'a', 'b'] });
      assert.deepEqual([run, again].length, 2);
      const counts = await Promise.all([run, again].map(async (id) => (await bench.runDetail(id)).steps[0]));
      assert.deepEqual(counts.map((step) => [step?.jobs.total, step?.duplicates]), [[3, 1], [1, 2]]);
      const [first] = await bench.jobs(again, 'each');
      assert.equal(first?.key, '["a","b"]');
    });

    it('makes a dead letter of an item that where has no answer for, and keeps the order', async () => {
      const run = await bench.run(over('${{ inputs.list }}', { foreach: ', where: item.n > 0, batch: 2', input: 'n: 1' }), { list: [{ n: 1 }, {}, { n: 2 }, { n: 3 }, { n: 4 }] });
      const jobs = await bench.jobs(run, 'each');
      const items = await Promise.all(jobs.map(async ({ id }) => (await bench.job(Number(id.slice(1)))).item));
      assert.deepEqual(jobs.map(({ state }, index) => [state, items[index]]), [['succeeded', [{ n: 1 }]], ['dead', {}], ['succeeded', [{ n: 2 }, { n: 3 }]], ['succeeded', [{ n: 4 }]]]);
      assert.match(jobs[1]?.error?.message ?? '', /foreach\.where.*item\.n/);
    });

    it('waits after its first batches, and takes the rest when the run is continued', async () => {
      const run = await bench.run(over('${{ inputs.list }}', { foreach: ', batch: 10' }), numbers(95), 2);
      assert.deepEqual(batches(), chunked(numbers(20).list, 10));
      await bench.store.continueRun({ runId: run });
      await bench.rest();
      assert.deepEqual(batches(), chunked(numbers(95).list, 10));
    });
  });

  it('makes a dead letter of an item without a usable key, and continues with the others', async () => {
    const list = [{ id: 'a' }, {}, { id: '' }, { id: null }, { id: 'x'.repeat(2000) }, { id: 'b' }];
    const run = await bench.run(over('${{ inputs.list }}', { foreach: ', key: "${{ item.id }}"', input: 'n: 1' }), { list });
    const jobs = await bench.jobs(run, 'each');
    assert.deepEqual(jobs.map(({ state }) => state), ['succeeded', 'dead', 'dead', 'dead', 'dead', 'succeeded']);
    for (const { error } of jobs.slice(1, 5)) assert.match(error?.message ?? '', /key|has no value/);
  });

  it('makes a dead letter of an item whose payload has no value, to be edited and replayed', async () => {
    const run = await bench.run(over('${{ inputs.list }}', { input: 'to: "${{ item.email }}"' }), { list: [{ email: 'a@x' }, { mail: 'b@x' }] });
    const [number] = await bench.dead(run);
    assert.ok(number !== undefined);
    assert.match((await bench.job(number)).error?.message ?? '', /item\.email/);
    assert.deepEqual((await bench.job(number)).item, { mail: 'b@x' });
    await bench.replay([number], { to: 'b@x' });
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
    assert.ok(bench.action.inputs.some(({ to }) => to === 'b@x'));
  });

  it('sees the same time in all its items, however long it takes', async () => {
    await bench.run(over('${{ inputs.list }}', { queue: ', max-depth: 10', input: 'at: "${{ now() }}", do: "slow:1"' }), numbers(300));
    await bench.advance(5 * second);
    await bench.crash();
    await bench.clock.advance(60 * second);
    await bench.start();
    await bench.advance(60 * second);
    const times = new Set(bench.action.inputs.flatMap(({ at }) => at ?? []));
    assert.equal(times.size, 1);
  });

  it('waits while its queue is full, and continues as there is room', async () => {
    const run = await bench.run(over('${{ inputs.list }}', { queue: ', max-depth: 50, rate: { limit: 100, per: 1s, burst: 100 }', input: 'do: "slow:1", n: "${{ item }}"' }), numbers(2000));
    let most = 0;
    for (let round = 0; round < 30; round++) {
      most = Math.max(most, bench.queue('mail').depth.pending);
      await bench.advance(second);
    }
    assert.ok(most <= 50 && most > 0, `${most}`);
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
    assert.deepEqual(bench.action.inputs.slice(0, -1).map(({ n }) => n), numbers(2000).list);
  });

  it('continues when a full queue has room for other reasons than an ended job', async () => {
    const run = await bench.run(over('${{ inputs.list }}', { queue: ', max-depth: 5' }).replace('concurrency: 100', 'concurrency: 1').replace('n: "${{ item }}"', 'do: hang'), numbers(20));
    await bench.setQueue('mail', { paused: true });
    assert.equal((await bench.jobs(run, 'each')).length, 6);
    await bench.declare([{ name: 'mail', maxDepth: 50, concurrency: 1 }]);
    assert.equal((await bench.jobs(run, 'each')).length, 20);
  });

  it('continues when what filled its queue is cancelled in one go', async () => {
    const run = await bench.run(over('${{ inputs.list }}', { queue: ', max-depth: 5' }), numbers(0));
    await bench.setQueue('mail', { paused: true });
    const first = await bench.run(over('${{ inputs.list }}', { queue: ', max-depth: 5' }), numbers(5));
    const second_ = await bench.run(over('${{ inputs.list }}', { queue: ', max-depth: 5' }), numbers(3));
    assert.equal((await bench.jobs(second_, 'each')).length, 0);
    await bench.cancelRun(first);
    assert.equal((await bench.jobs(second_, 'each')).length, 3);
    assert.equal((await bench.states(run))['run'], 'succeeded');
  });

  it('loses no item to a crash in the middle, and makes none twice', async () => {
    const running = bench.run(over('${{ inputs.list }}', { foreach: ', key: "${{ item }}"' }), numbers(5000));
    const broken = running.catch(() => 0);
    for (let crash = 0; crash < 4; crash++) {
      for (let turn = 0; turn < 5; turn++) await bench.turn();
      await bench.crash();
      await bench.start();
    }
    await bench.rest();
    void broken;
    const numbersSeen = bench.action.inputs.flatMap(({ n }) => n ?? []);
    assert.deepEqual(new Set(numbersSeen), new Set(numbers(5000).list));
    assert.equal((await bench.jobs(1, 'each')).length, 5000);
    assert.deepEqual(await bench.states(1), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
  });

  it('keeps no file of items open when its copy can not be begun, and continues when it can', async function () {
    if (process.platform !== 'linux') this.skip();
    const list = path.join(bench.folder, 'list.jsonl');
    writeFileSync(list, '1\n2\n3\n');
    const copies = path.join(bench.stateFolder, 'items');
    writeFileSync(copies, 'a file where the folder of copies belongs');
    const run = await bench.run(over('').replace('items: ""', 'file: list.jsonl'));
    for (let tries = 0; tries < 3; tries++) await bench.advance(10 * second);
    assert.deepEqual(openFiles().filter((file) => file === list), []);
    rmSync(copies);
    await bench.advance(10 * second);
    await bench.rest();
    assert.deepEqual(await bench.states(run), { run: 'succeeded', each: 'succeeded', after: 'succeeded' });
  });

  it('continues after a stop in the middle', async () => {
    void bench.run(over('${{ inputs.list }}'), numbers(3000)).catch(() => 0);
    for (let turn = 0; turn < 6; turn++) await bench.turn();
    await bench.stop();
    await bench.start();
    await bench.rest();
    assert.deepEqual(await bench.tally(1, 'each'), { succeeded: 3000 });
    assert.equal(bench.action.seen.length, 3001);
  });
});

/** What this process has open, by path. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}
