import assert from 'node:assert/strict';
import type { DeclaredConnection } from '../../../daemon/ledger/connection-limits.ts';
import type { ClaimedJob, ClaimResult } from '../../../daemon/store/store.ts';
import { seededRandom } from '../../fault/seeded-random.ts';
import { anchorAt } from '../anchor-at.ts';
import { mostInAWindow } from '../most-in-a-window.ts';
import { StoreBench, type StoreInFolder } from './store-bench.ts';

/** The limits of connections, over all queues whose jobs use them; and over all daemons, if `open` gives a second one the same store. */
export function describeConnections(current: () => StoreBench, open: StoreInFolder | undefined): void {
  const declare = (connections: readonly DeclaredConnection[], bench = current()) => bench.store.configure({ queues: [], env: {}, connections });
  const doubt = (doubtfulConnections: readonly DeclaredConnection[]) => current().store.configure({ queues: [], env: {}, doubtfulConnections });
  const claim = (queue: string, limit = 100, more: { readonly leaving?: readonly string[] } = {}, bench = current()): Promise<ClaimResult> => bench.store.claim({ queue, limit, now: bench.now, ...more });
  /** A run with so many jobs of a connection. */
  const start = async (queue: string, connection: string, count: number, bench = current()): Promise<void> => {
    const steps = Array.from({ length: count }, (_, index) => `  s${index}: { uses: http/request, queue: ${queue}, with: { connection: ${connection}, url: /a } }\n`);
    await bench.run(`steps:\n${steps.join('')}`);
  };
  const end = (job: ClaimedJob, more: object = {}, bench = current()) => bench.settle(job, { kind: 'succeeded', output: 'null' }, { connected: true, ...more });
  const tenEachSecond = { name: 'crm', rate: { limit: 10, perMs: 1000, burst: 10 } } as const;

  it('let so many start in a window as their rate says, of all queues together, and say when there is more', async () => {
    await declare([tenEachSecond]);
    await start('a', 'crm', 8);
    await start('b', 'crm', 8);
    const [first, second] = [await claim('a'), await claim('b')];
    assert.deepEqual([first.jobs.length, second.jobs.length], [8, 2]);
    assert.deepEqual(first.jobs[0]?.connection, { name: 'crm', start: { rates: [tenEachSecond.rate], inMs: 0 } });
    assert.equal(first.connections?.[0]?.held, undefined);
    const [held] = second.connections ?? [];
    assert.deepEqual([held?.name, held?.taken, held?.held?.kind, held?.uses[0]?.used], ['crm', 2, 'rate', 10]);
    for (const job of [...first.jobs, ...second.jobs]) await end(job);
    current().now += 900;
    assert.equal((await claim('b')).jobs.length, 0);
    current().now += 110;
    assert.equal((await claim('b')).jobs.length, 6);
  });

  it('keep nobody else waiting: jobs behind those of a connection that is held start', async () => {
    await declare([{ name: 'crm', concurrency: 1 }]);
    await start('a', 'crm', 30);
    await start('a', 'other', 3);
    await current().one('a');
    const { jobs, connections } = await claim('a', 5);
    assert.deepEqual(jobs.map(({ connection }) => connection?.name), ['crm', undefined, undefined, undefined, undefined]);
    assert.deepEqual(connections?.map(({ name, taken, active, held }) => [name, taken, active, held?.kind]), [['crm', 1, 1, 'concurrency']]);
    assert.deepEqual((await claim('a', 5)).jobs, []);
  });

  it('cost those without limits nothing', async () => {
    await declare([{ name: 'crm' }, { name: 'mail', concurrency: 3 }]);
    await start('a', 'crm', 3);
    const { jobs, connections } = await claim('a');
    assert.deepEqual([jobs.length, jobs[0]?.connection, connections], [3, undefined, undefined]);
  });

  it('count jobs under way in all queues for their concurrency, until they have ended', async () => {
    await declare([{ name: 'crm', concurrency: 3 }]);
    await start('a', 'crm', 2);
    await start('b', 'crm', 4);
    const [one] = (await claim('a')).jobs;
    assert.ok(one);
    assert.equal((await claim('b')).jobs.length, 1);
    await end(one);
    assert.equal((await claim('b')).jobs.length, 1);
    assert.equal((await claim('b')).jobs.length, 0);
  });

  it('hold all that is declared of one: several rates and a concurrency', async () => {
    await declare([{ name: 'crm', rate: [{ limit: 4, perMs: 1000, burst: 4 }, { limit: 6, perMs: 60_000, burst: 6 }], concurrency: 5 }]);
    await start('a', 'crm', 20);
    const first = (await claim('a')).jobs;
    assert.equal(first.length, 4);
    for (const job of first) await end(job);
    current().now += 1100;
    const { jobs, connections } = await claim('a');
    assert.equal(jobs.length, 2);
    const held = connections?.[0]?.held;
    assert.ok(held?.kind === 'rate' && held.rate.limit === 6, JSON.stringify(held));
    assert.deepEqual(connections?.[0]?.uses.map(({ used }) => used), [2, 6]);
  });

  it('are exact for a rate that lets thousands start, and tell how many have', async () => {
    const rate = { limit: 2100, perMs: 60_000, burst: 2100 };
    await declare([{ name: 'crm', rate }]);
    await current().run('inputs: { list: { type: array } }\nsteps:\n  each: { uses: http/request, queue: a, foreach: { items: "${{ inputs.list }}", on-item-failure: continue }, with: { connection: crm, url: /a } }\n', { list: Array.from({ length: 2300 }, (_, index) => index) });
    await current().fanOut();
    let started = 0;
    for (let round = 0; round < 12; round++) {
      const { jobs, connections } = await claim('a', 250);
      started += jobs.length;
      assert.equal(connections?.[0]?.uses[0]?.used, started);
      await current().store.settle({ outcomes: jobs.map(({ jobId, attempt }) => ({ jobId, attempt, endedAt: current().now, outcome: { kind: 'succeeded', output: 'null' }, connected: true })) }).stored;
      if (round < 11) current().now += 10;
    }
    assert.equal(started, 2100);
    current().now += 60_000 - 95;
    // Those of the first claim have left the window.
    assert.equal((await claim('a', 250)).jobs.length, 200);
  });

  it('leave a connection to jobs of other queues, if a claim says so', async () => {
    await declare([tenEachSecond]);
    await start('a', 'crm', 2);
    await current().one('a');
    const { jobs, connections } = await claim('a', 5, { leaving: ['crm'] });
    assert.deepEqual([jobs.length, connections?.[0]?.held], [1, { kind: 'turn' }]);
  });

  it('free the start of what was never sent, and count what was sent when its receiver had it', async () => {
    await declare([{ name: 'crm', rate: { limit: 1, perMs: 60_000, burst: 1 } }]);
    await start('a', 'crm', 3);
    const [job] = (await claim('a')).jobs;
    assert.ok(job);
    await current().settle(job, { kind: 'returned' }, { connected: true });
    const [again] = (await claim('a')).jobs;
    assert.ok(again, 'its start was free');
    current().now += 5000;
    await end(again, { countedAgoMs: 4000 });
    current().now += 55_900;
    assert.equal((await claim('a')).jobs.length, 0);
    current().now += 200;
    assert.equal((await claim('a')).jobs.length, 1, 'a minute after it was counted, and not after it ended');
  });

  it('hold over a crash without being declared again, and until somebody declares it without', async () => {
    await declare([{ ...tenEachSecond, concurrency: 50 }, { name: 'mail', concurrency: 1 }]);
    await start('a', 'crm', 40);
    assert.equal((await claim('a')).jobs.length, 10);
    await current().crash();
    // What was under way may have been sent: it counts ten seconds or a window later at the latest.
    assert.equal((await claim('a')).jobs.length, 0);
    assert.deepEqual((await declare([{ name: 'mail' }])).connections, [{ ...tenEachSecond, concurrency: 50 }]);
    current().now += 2100;
    assert.equal((await claim('a')).jobs.length, 10, 'nobody has taken its limits back');
    assert.deepEqual((await declare([{ name: 'crm' }])).connections, []);
    assert.equal((await claim('a')).jobs.length, 30);
  });

  it('take what a file says that does not count only where nothing better is known', async () => {
    assert.deepEqual((await doubt([{ name: 'crm', concurrency: 2 }])).connections, [{ name: 'crm', concurrency: 2 }]);
    assert.deepEqual((await doubt([{ name: 'crm', concurrency: 9 }])).connections, [{ name: 'crm', concurrency: 2 }]);
    await declare([{ name: 'crm' }]);
    assert.deepEqual((await doubt([{ name: 'crm', concurrency: 9 }])).connections, [], 'it was declared without limits');
  });

  it('are those of the connection that an edited payload names', async () => {
    await declare([{ name: 'crm', concurrency: 1 }, { name: 'erp', concurrency: 1 }]);
    await start('a', 'crm', 2);
    const [job] = (await claim('a')).jobs;
    assert.ok(job);
    await current().die(job);
    await current().store.replay({ jobIds: [job.jobId], now: current().now, payload: JSON.stringify({ connection: 'erp', url: '/b' }) });
    assert.deepEqual((await claim('a')).jobs.map(({ connection }) => connection?.name).sort(), ['crm', 'erp']);
  });

  it('go on as they were if the wall clock is set', async () => {
    await declare([tenEachSecond]);
    await start('a', 'crm', 30);
    for (const job of (await claim('a')).jobs) await end(job);
    current().now += 3_600_000;
    await current().store.shiftWaits({ byMs: 3_600_000, anchor: anchorAt(current().now) });
    assert.equal((await claim('a')).jobs.length, 0, 'an hour that has not passed');
    current().now += 1010;
    assert.equal((await claim('a')).jobs.length, 10);
  });

  it('hold in any window over queues, connections, crashes and attempts that take long', async () => {
    const random = seededRandom(11);
    const rate = { limit: 20, perMs: 1000, burst: 3 };
    await declare([{ name: 'crm', rate, concurrency: 15 }]);
    for (const queue of ['a', 'b', 'c']) await start(queue, 'crm', 90);
    await start('b', 'other', 30);
    const arrivals: number[] = [];
    let others = 0;
    let underWay: { readonly job: ClaimedJob; readonly endsAt: number }[] = [];
    for (let step = 0; step < 900; step++) {
      current().now += 10;
      const { now } = current();
      for (const ended of underWay.filter(({ endsAt }) => endsAt <= now)) await end(ended.job);
      underWay = underWay.filter(({ endsAt }) => endsAt > now);
      if (step === 450) {
        await current().crash();
        // Whoever was on the way has arrived before.
        underWay = [];
      }
      const queue = ['a', 'b', 'c'][Math.floor(random() * 3)] ?? 'a';
      for (const job of (await claim(queue, 5)).jobs) {
        if (job.connection === undefined) {
          others++;
          await current().succeed(job);
          continue;
        }
        const startsAt = now + (job.connection.start?.inMs ?? 0);
        arrivals.push(startsAt);
        underWay.push({ job, endsAt: startsAt + random() * (random() < 0.1 ? 1500 : 60) });
      }
      assert.ok(underWay.length <= 15);
    }
    assert.equal(others, 30);
    assert.ok(mostInAWindow(arrivals.sort((one, other) => one - other), rate.perMs) <= rate.limit);
    assert.ok(arrivals.length >= 130, `${arrivals.length} of 180`);
  });

  if (open === undefined) return;

  it('hold over daemons that share the store', async () => {
    const two = new StoreBench(open, { folder: current().folder, daemon: 'two' });
    try {
      await two.open();
      await declare([{ ...tenEachSecond, concurrency: 12 }]);
      await start('a', 'crm', 9);
      await start('b', 'crm', 9);
      const [mine, others] = await Promise.all([claim('a', 100, {}), claim('b', 100, {}, two)]);
      assert.equal(mine.jobs.length + others.jobs.length, 10);
      current().now += 2100;
      two.now = current().now;
      assert.equal((await claim('a')).jobs.length + (await claim('b', 100, {}, two)).jobs.length, 2, 'ten are under way');
      const [job] = others.jobs;
      if (job !== undefined) await end(job, {}, two);
      assert.equal((await claim('a')).jobs.length + (await claim('b', 100, {}, two)).jobs.length, 1);
    } finally {
      await two.store.close();
    }
  });
}
