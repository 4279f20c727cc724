import assert from 'node:assert/strict';
import type { QueueDepth, Settlement, Store } from '../../../../daemon/store/store.ts';
import { EngineBench } from '../../../support/engine-bench.ts';
import { MemoryStore } from '../../../support/memory-store/memory-store.ts';
import { MemoryTables } from '../../../support/memory-store/memory-tables.ts';

/** What an attempt takes, in milliseconds; a claim takes half of it. */
const unit = 100;

/** One that daemons share, and that holds jobs ahead; a claim takes as long as `pause` does. */
class SlowSharedStore extends MemoryStore {
  readonly prefetch = { most: 64, hold: () => {}, start: () => true };

  constructor(pause: () => Promise<void>) {
    super(new MemoryTables(), 'one');
    const { claim } = this;
    this.claim = async (params): ReturnType<Store['claim']> => {
      const claimed = await claim(params);
      await pause();
      return claimed;
    };
  }

  override settle(params: Parameters<Store['settle']>[0]): Settlement {
    return { ...super.settle(params), survivesCrash: true };
  }
}

/** A store whose transactions take as long as attempts would make every place wait, if nothing were claimed ahead. */
describe('claiming ahead', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(async () => {
    bench.writeMs = 0;
    await bench.dispose();
  });

  const text = (concurrency: number, more = ''): string => `
queues: { api: { concurrency: ${concurrency}, retry: none } }
inputs: { items: { type: array } }
steps:
  each: { queue: api, uses: test/scripted, foreach: { items: "\${{ inputs.items }}", on-item-failure: continue, tolerate: 100%${more} }, with: { do: "\${{ item }}" } }
`;

  /** Starts a run of such items, and lets so much time pass. */
  const run = async (workflow: string, items: readonly string[], ms: number): Promise<number> => {
    bench.queue('api').override({ paused: true });
    const id = await bench.run(workflow, { items: [...items] });
    bench.writeMs = 50;
    bench.queue('api').override({ paused: false });
    await bench.advance(ms);
    return id;
  };

  /** Lets time pass until something is claimed ahead. How the queue stands then. */
  const whenAhead = async (id: number): Promise<QueueDepth> => {
    for (let step = 0; step < 20; step++) {
      const { depth } = bench.queue('api');
      if (((await bench.tally(id))['pending'] ?? 0) < depth.pending) return depth;
      await bench.advance(unit / 10);
    }
    throw new Error('nothing was ever claimed ahead');
  };

  it('keeps every place busy, and never more of them than there are', async () => {
    const count = 60;
    const id = await run(text(2), Array<string>(count).fill('slow:0.1'), 80 * unit);
    assert.deepEqual(await bench.tally(id), { succeeded: count });
    const took = (bench.action.times.at(-1) ?? 0) - (bench.action.times[0] ?? 0);
    const durations = new Set((await Promise.all((await bench.jobs(id)).map(({ id: job }) => bench.job(Number(job.slice(1)))))).map(({ attempts: [only] }) => only?.durationMs));
    assert.deepEqual([...durations], [unit], 'an attempt lasts from its beginning, not from its claim');
    assert.ok(took <= (count / 2) * 1.2 * unit, `${took} ms for what takes ${(count / 2) * unit} at least, and half as long again with a claim for each`);
    assert.equal(bench.action.mostAlive, 2);
  });

  it('is not for a store that could not tell, after a crash, what waited from what had started', async () => {
    await bench.dispose();
    bench = new EngineBench({ withoutPrefetch: true });
    await bench.start();
    const id = await run(text(2), Array<string>(60).fill('slow:0.1'), 0);
    for (let step = 0; step < 40; step++) {
      await bench.advance(unit / 4);
      assert.ok(((await bench.tally(id))['active'] ?? 0) <= 2, 'no more than there are slots');
    }
    assert.ok(((await bench.tally(id))['succeeded'] ?? 0) >= 10, 'and it continues');
  });

  it('is not for attempts that take much longer than a claim', async () => {
    const id = await run(text(2), Array<string>(20).fill('slow:3'), 95 * unit);
    assert.equal((await bench.tally(id))['active'], 2);
  });

  it('gives back what no place becomes free for, as if it had not been claimed', async () => {
    const items = [...Array<string>(20).fill('slow:0.1'), ...Array<string>(20).fill('hang')];
    const id = await run(text(2), items, 30 * unit);
    assert.deepEqual(await bench.tally(id), { succeeded: 20, active: 2, pending: 18 });
    const { pending, active } = bench.queue('api').depth;
    assert.deepEqual({ pending, active }, { pending: 18, active: 2 });
    const waiting = (await bench.jobs(id)).filter(({ state }) => state === 'pending');
    for (const { id: job } of waiting) assert.deepEqual((await bench.job(Number(job.slice(1)))).attempts, [], job);
  });

  it('counts what waits for a place as pending', async () => {
    const id = await run(text(2), Array<string>(60).fill('slow:0.1'), 10 * unit);
    const { active, pending } = await whenAhead(id);
    assert.deepEqual({ active, pending }, { active: 2, pending: 60 - bench.action.seen.length });
  });

  it('calls no queue empty before the last outcome is in the store', async () => {
    const id = await run(text(2), Array<string>(20).fill('slow:0.1'), 0);
    for (let last: QueueDepth | undefined; last?.active !== 0 || last.pending > 0; last = bench.queue('api').depth) {
      await bench.advance(unit / 20);
      const { pending, active } = bench.queue('api').depth;
      assert.ok(active <= 2, `${active} at a time`);
      if (pending + active === 0) assert.deepEqual(await bench.tally(id), { succeeded: 20 });
    }
  });

  it('gives back on pause', async () => {
    const id = await run(text(2), Array<string>(60).fill('slow:0.1'), 10 * unit);
    await whenAhead(id);
    bench.queue('api').override({ paused: true });
    const started = bench.action.seen.length;
    await bench.advance(2 * unit);
    const { pending = 0, succeeded = 0, active = 0 } = await bench.tally(id);
    assert.deepEqual([succeeded, active, pending], [started, 0, 60 - started]);
    await bench.advance(30 * unit);
    assert.equal(bench.action.seen.length, started);
  });

  it('starts nothing of a run that is cancelled', async () => {
    const id = await run(text(2), Array<string>(60).fill('slow:0.1'), 10 * unit);
    await whenAhead(id);
    bench.writeMs = 0;
    const started = bench.action.seen.length;
    await bench.cancelRun(id);
    await bench.advance(10 * unit);
    assert.equal(bench.action.seen.length, started);
    const { active, pending } = await bench.tally(id);
    assert.deepEqual([active, pending], [undefined, undefined]);
  });

  it('starts nothing after the item that fails a step', async () => {
    const items = [...Array<string>(20).fill('slow:0.1'), '400', ...Array<string>(20).fill('slow:0.1')];
    const id = await run(text(1).replace('continue, tolerate: 100%', 'fail'), items, 60 * unit);
    assert.deepEqual(bench.action.inputs.map((input) => input['do']), items.slice(0, 21));
    assert.deepEqual(await bench.tally(id), { succeeded: 20, dead: 1, cancelled: 20 });
  });

  it('continues where items that die cost no others', async () => {
    const items = Array.from({ length: 80 }, (_, index) => (index % 4 === 3 ? '400' : 'slow:0.1'));
    const id = await run(text(2), items, 80 * unit);
    assert.deepEqual(await bench.tally(id), { succeeded: 60, dead: 20 });
    const took = (bench.action.times.at(-1) ?? 0) - (bench.action.times[0] ?? 0);
    assert.ok(took <= 30 * 1.2 * unit, `${took} ms for what takes ${30 * unit} at least`);
  });

  it('obeys a rate that is set meanwhile', async () => {
    const id = await run(text(2), Array<string>(60).fill('slow:0.1'), 10 * unit);
    await whenAhead(id);
    const started = bench.action.seen.length;
    bench.queue('api').override({ rate: { limit: 1, perMs: 10 * unit, burst: 1 } });
    await bench.advance(9 * unit);
    assert.equal(bench.action.seen.length, started + 1);
  });

  it('goes to none with a crash: what had not begun has no attempt', async () => {
    const id = await run(text(2), Array<string>(60).fill('slow:0.1'), 10 * unit);
    await whenAhead(id);
    const begun = bench.action.seen.length;
    await bench.crash();
    bench.writeMs = 0;
    await bench.start();
    const jobs = await Promise.all((await bench.jobs(id)).map(({ id: job }) => bench.job(Number(job.slice(1)))));
    const interrupted = jobs.filter(({ attempts }) => attempts.some(({ state }) => state === 'interrupted'));
    assert.ok(interrupted.length <= 2, `${interrupted.length} interrupted, of two at a time`);
    const repeated = bench.action.seen.slice(begun).filter(({ key }) => bench.action.seen.slice(0, begun).some((one) => one.key === key));
    assert.deepEqual(repeated.length, interrupted.length, 'nothing that had ended is done again');
    await bench.advance(60 * unit);
    assert.deepEqual(await bench.tally(id), { succeeded: 60 });
  });

  it('keeps every place busy from a store that daemons share, also while a claim is on its way', async () => {
    await bench.dispose();
    const store = new SlowSharedStore(() => new Promise((resolve) => bench.clock.setTimer(1.5 * unit, resolve)));
    bench = new EngineBench({ store: () => store });
    await bench.start();
    const count = 400;
    // Places that nobody has asked for are each daemon's own: there are ten.
    const id = await run(text(4).replace('concurrency: 4, ', ''), Array<string>(count).fill('slow:0.1'), 60 * unit);
    assert.deepEqual(await bench.tally(id), { succeeded: count });
    const took = (bench.action.times.at(-1) ?? 0) - (bench.action.times[0] ?? 0);
    assert.ok(took <= (count / 10) * 1.2 * unit, `${took} ms for what takes ${(count / 10) * unit} at least`);
    assert.equal(bench.action.mostAlive, 10);
  });
});
