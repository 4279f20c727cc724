import assert from 'node:assert/strict';
import type { ClaimedJob } from '../../../daemon/store/store.ts';
import type { QueueDefinition } from '../../../schemas/workflow/model.ts';
import { seededRandom } from '../../fault/seeded-random.ts';
import { mostInAWindow } from '../most-in-a-window.ts';
import { fanOut, numbers, serverError, StoreBench, type StoreInFolder } from './store-bench.ts';

const lostMs = 60_000;

/** What daemons have to agree on. `open`: gives a second one the same store; undefined if a store is for one daemon only. */
export function describeSharing(current: () => StoreBench, open: StoreInFolder | undefined): void {
  if (open === undefined) {
    it('of a store for one daemon: it leads, never has to check in, and there are no others to be shown', async () => {
      assert.deepEqual(await current().store.listDaemons({ now: current().now }), []);
      const { nextInMs, ...standing } = await current().store.checkIn({ now: current().now });
      assert.deepEqual([standing, nextInMs], [{ others: [], leads: true }, undefined]);
    });
    return;
  }

  let one: StoreBench;
  let two: StoreBench;
  beforeEach(async () => {
    one = current();
    two = new StoreBench(open, { folder: one.folder, daemon: 'two' });
    await two.open();
  });
  afterEach(() => two.dispose());

  /** Both see that time. */
  const pass = (ms: number): void => {
    one.now += ms;
    two.now = one.now;
  };
  const checkIn = ({ store, now }: StoreBench) => store.checkIn({ now });
  const recoverLost = ({ store, now }: StoreBench) => store.recoverLost({ now, random: 0.5 });

  it("hear of each other's changes as of their own", async () => {
    const runId = await one.one();
    assert.deepEqual(two.last, one.last);
    assert.deepEqual([two.last.runs, two.depth()], [[runId], { pending: 1, delayed: 0, active: 0, dead: 0 }]);
    const job = await two.next();
    assert.deepEqual([one.depth(), one.last.queues.map(({ left }) => left)], [{ pending: 0, delayed: 0, active: 1, dead: 0 }, [0]]);
    await two.retryIn(job, 500);
    assert.equal(one.last.nextDueAt, one.now + 500);
    pass(500);
    await one.store.promote({ now: one.now });
    assert.deepEqual(two.depth(), { pending: 1, delayed: 0, active: 0, dead: 0 });
    await one.succeed(await one.next());
    assert.deepEqual([two.last.runningRuns, two.last.queues.map(({ left }) => left)], [0, [1]]);
    assert.deepEqual(await two.states(runId), { run: 'succeeded', only: 'succeeded' });
  });

  it('give no number and no job away twice, and continue with what the other has begun', async () => {
    const runs = [await one.one(), await two.one(), await one.run(fanOut('on-item-failure: continue'), { list: numbers(7) })];
    assert.deepEqual(runs, [1, 2, 3]);
    const [stepId] = two.last.expanding.map((fan) => fan.stepId);
    for (const { store, now } of [one, two, one]) await store.fanOut({ stepId: stepId ?? 0, now, limit: 3 });
    const claimed = [await one.claim(4), await two.claim(4), await one.claim(4)];
    assert.deepEqual(claimed.map(({ length }) => length), [4, 4, 1]);
    assert.equal(new Set(claimed.flat().map(({ jobId }) => jobId)).size, 9);
    for (const [index, job] of claimed.flat().entries()) await (index % 2 === 0 ? one : two).succeed(job);
    await two.succeed(await two.next());
    for (const runId of runs) assert.equal((await one.runDetail(runId)).state, 'succeeded');
  });

  it('make each item of a file one job, if one has read on from where the other was', async () => {
    await one.run('steps:\n  each: { uses: test/scripted, foreach: { file: people.csv, on-item-failure: continue }, with: { name: "${{ item.name }}" } }\n');
    const [stepId = 0] = one.last.expanding.map((fan) => fan.stepId);
    const items = ['a', 'b', 'c', 'd', 'e'].map((name) => JSON.stringify({ name }));
    const expand = ({ store, now }: StoreBench, from: number, to: number) => store.fanOut({ stepId, now, limit: 10, rows: { from, items: items.slice(from, to), last: to === items.length } });
    assert.deepEqual(await expand(one, 0, 2), { kind: 'more', cursor: 2 });
    assert.deepEqual(await expand(two, 0, 3), { kind: 'more', cursor: 3 });
    assert.deepEqual(await expand(one, 2, 5), { kind: 'done', cursor: 5 });
    assert.deepEqual(await expand(two, 3, 5), { kind: 'closed', cursor: 5 });
    assert.deepEqual((await two.claim()).map(({ payload }) => payload), items);
  });

  it('tell each other what they have to abort, and what queues were told', async () => {
    const runId = await one.one();
    await one.one();
    const [first, second] = [await one.next(), await one.next()];
    await two.store.cancelRun({ runId, now: two.now });
    assert.deepEqual([one.last.aborting, two.last.aborting], [[first.jobId], [first.jobId]]);
    await two.store.cancelJob({ jobId: second.jobId, now: two.now });
    assert.deepEqual(one.last.aborting, [second.jobId]);
    for (const job of [first, second]) await one.settle(job, { kind: 'cancelled' });
    assert.deepEqual([two.last.aborting, await two.states(runId)], [undefined, { run: 'cancelled', only: 'cancelled' }]);
    await two.store.setQueue({ queue: 'default', paused: true, concurrency: 3 });
    assert.deepEqual(one.last.orders, [{ name: 'default', paused: true, concurrency: 3 }]);
    await one.store.setQueue({ queue: 'default', paused: false, rate: 'none', concurrency: 'file' });
    assert.deepEqual(two.last.orders, [{ name: 'default', paused: false, rate: 'none' }]);
  });

  it('open a store without touching what the others have under way, and close what they had themselves', async () => {
    for (let count = 0; count < 3; count++) await one.one();
    const [first, second] = [await one.next(), await two.next()];
    const reopened = await two.crash();
    assert.deepEqual([reopened.interrupted, reopened.interruptedJobs], [1, [second.jobId]]);
    assert.deepEqual(await one.succeed(first), { accepted: true });
    assert.deepEqual(await two.succeed(second), { accepted: false });
  });

  it('close what a daemon had under way that has not checked in for long, and refuse what it says of it later', async () => {
    await one.one();
    const job = await one.next();
    for (const each of [one, two]) assert.equal((await checkIn(each)).hasOrphans, undefined);
    pass(lostMs);
    const { hasOrphans, others } = await checkIn(two);
    assert.deepEqual([hasOrphans, others], [true, []]);
    assert.deepEqual(await recoverLost(two), { interrupted: 1, interruptedJobs: [job.jobId] });
    assert.equal((await checkIn(two)).hasOrphans, undefined);
    assert.deepEqual(one.depth(), { pending: 1, delayed: 0, active: 0, dead: 0 }, 'the one that was taken for dead hears of it');
    const again = await two.next();
    assert.deepEqual(await one.succeed(job), { accepted: false });
    assert.deepEqual(await two.succeed(again), { accepted: true });
    assert.deepEqual((await checkIn(one)).others, ['two'], 'and is one of them again');
  });

  it('are led by one that lives', async () => {
    const leads = async (): Promise<boolean[]> => [(await checkIn(one)).leads, (await checkIn(two)).leads];
    assert.deepEqual(await leads(), [true, false]);
    const { nextInMs = 0 } = await checkIn(one);
    pass(nextInMs);
    assert.deepEqual(await leads(), [true, false], 'each has checked in in time');
    pass(lostMs);
    assert.equal((await checkIn(two)).leads, true);
  });

  it('are each shown with how they are, and with what they have under way', async () => {
    for (let count = 0; count < 3; count++) await one.one();
    await one.claim(2);
    await two.claim(1);
    const shown = async () => (await one.store.listDaemons({ now: one.now })).map(({ name, isSelf, health, leads, active }) => ({ name, isSelf, health, leads, active }));
    const [first, second] = await shown();
    assert.deepEqual(first, { name: first?.name, isSelf: true, health: 'ok', leads: true, active: [{ queue: 'default', count: 2 }] });
    assert.deepEqual(second, { name: 'two', isSelf: false, health: 'ok', leads: false, active: [{ queue: 'default', count: 1 }] });
    await checkIn(one);
    const { nextInMs = 0 } = await checkIn(one);
    // The other misses one check-in, and then its whole lease.
    pass(1.5 * nextInMs);
    await checkIn(one);
    assert.deepEqual((await shown()).map(({ health }) => health), ['ok', 'late']);
    pass(1.5 * nextInMs);
    assert.deepEqual((await shown()).map(({ health }) => health), ['late', 'silent'], 'nobody is well without saying so');
    await checkIn(one);
    await recoverLost(one);
    assert.deepEqual((await shown()).map(({ health, active }) => [health, active]), [['ok', [{ queue: 'default', count: 2 }]], ['silent', []]], 'what it had is taken over');
  });

  const limited = (limits: Omit<QueueDefinition, 'name'>): Promise<unknown> => Promise.all([one, two].map(({ store }) => store.configure({ queues: [{ name: 'default', ...limits }], env: {} })));
  const claim = ({ store, now }: StoreBench, limit = 100) => store.claim({ queue: 'default', limit, now, shared: true });

  it('keep to a concurrency together, and take what the other has left', async () => {
    await limited({ concurrency: 3 });
    await one.run(fanOut('on-item-failure: continue'), { list: numbers(10) });
    await one.fanOut();
    const [first, second] = [await claim(one, 2), await claim(two)];
    assert.deepEqual([first.jobs.length, second.jobs.length, (await claim(one)).jobs.length], [2, 1, 0]);
    for (const job of first.jobs) await one.succeed(job);
    assert.equal((await claim(two)).jobs.length, 2);
    await one.store.setQueue({ queue: 'default', concurrency: 5 });
    assert.equal((await claim(two)).jobs.length, 2, 'what a person sets counts for all');
  });

  it('start nothing of a queue that either was told to pause, or to hold back', async () => {
    await limited({});
    await one.run(fanOut('on-item-failure: continue'), { list: numbers(10) });
    await one.fanOut();
    await two.store.setQueue({ queue: 'default', paused: true });
    assert.deepEqual(await claim(one), { jobs: [] });
    await two.store.setQueue({ queue: 'default', paused: false });
    const [job] = (await claim(two, 1)).jobs;
    assert.ok(job);
    await two.settle(job, { kind: 'retry', dueAt: two.now, charged: false, error: serverError }, { hold: { until: two.now + 5000 } });
    assert.deepEqual(await claim(one), { jobs: [], nextInMs: 5000 });
    pass(5000);
    assert.equal((await claim(one, 4)).jobs.length, 4);
  });

  it('keep to a rate together, whoever starts and however long it takes, and use it', async () => {
    const rate = { limit: 20, perMs: 1000, burst: 2 };
    await limited({ rate, concurrency: 100 });
    await one.run(fanOut('on-item-failure: continue'), { list: numbers(400) });
    await one.fanOut();
    const random = seededRandom(7);
    const begin = one.now;
    const arrivals: number[] = [];
    const underWay: { readonly bench: StoreBench; readonly job: ClaimedJob; readonly at: number }[] = [];
    while (one.now < begin + 15_000) {
      for (const bench of random() < 0.5 ? [one, two] : [two, one]) {
        if (random() < 0.3) continue;
        const { jobs, starts } = await claim(bench);
        for (const [index, job] of jobs.entries()) {
          const startsAt = bench.now + (starts?.inMs[index] ?? 0);
          // Ends where its receiver has counted it.
          const at = startsAt + (random() < 0.1 ? 400 * random() : 8 * random());
          arrivals.push(at);
          underWay.push({ bench, job, at });
        }
      }
      pass(5);
      for (const ended of underWay.filter(({ at }) => at <= one.now)) {
        underWay.splice(underWay.indexOf(ended), 1);
        await ended.bench.settle(ended.job, { kind: 'succeeded', output: 'null' }, { rated: true });
      }
    }
    assert.ok(mostInAWindow(arrivals, rate.perMs) <= rate.limit, `${mostInAWindow(arrivals, rate.perMs)} within a second`);
    assert.ok(arrivals.length >= 0.95 * 15 * rate.limit, `${arrivals.length} of ${15 * rate.limit}`);
  });

  it('lose no more of a rate than one had in its hand when it dies, and let no more start for it', async () => {
    const rate = { limit: 20, perMs: 1000, burst: 2 };
    const seconds = 10;
    const three = new StoreBench(open, { folder: one.folder, daemon: 'three' });
    await three.open();
    await limited({ rate, concurrency: 100 });
    await one.run(fanOut('on-item-failure: continue'), { list: numbers(2 * seconds * rate.limit) });
    await one.fanOut();
    const random = seededRandom(11);
    const begin = one.now;
    const arrivals: number[] = [];
    let underWay: { readonly bench: StoreBench; readonly job: ClaimedJob; readonly at: number }[] = [];
    let alive = [one, two, three];
    let lost = 0;
    while (one.now < begin + seconds * 1000) {
      const inHand = underWay.filter(({ bench }) => bench === three);
      if (alive.length === 3 && one.now >= begin + (seconds * 1000) / 2 && inHand.length > 0) {
        // It has left, or not: nobody says so.
        alive = [one, two];
        lost = inHand.length;
        for (const { at } of inHand) if (random() < 0.5) arrivals.splice(arrivals.indexOf(at), 1);
        underWay = underWay.filter(({ bench }) => bench !== three);
      }
      // Some of them are awake.
      for (const bench of alive.filter(() => random() < 0.6)) {
        const { jobs, starts } = await claim(bench);
        for (const [index, job] of jobs.entries()) {
          const at = bench.now + (starts?.inMs[index] ?? 0) + 8 * random();
          arrivals.push(at);
          underWay.push({ bench, job, at });
        }
      }
      pass(10);
      three.now = one.now;
      for (const { bench, job } of underWay.filter(({ at }) => at <= one.now)) await bench.settle(job, { kind: 'succeeded', output: 'null' }, { rated: true });
      underWay = underWay.filter(({ at }) => at > one.now);
    }
    await three.dispose();
    const inTime = arrivals.filter((at) => at < begin + seconds * 1000).length;
    assert.ok(mostInAWindow(arrivals, rate.perMs) <= rate.limit, `${mostInAWindow(arrivals, rate.perMs)} within a second`);
    // Each costs its start, and a place of one more window until it counts.
    assert.ok(inTime >= seconds * rate.limit - 2 * lost - 1, `${inTime} of ${seconds * rate.limit}, with ${lost} in its hand`);
  });

  it('give back what a rate let start and nobody did', async () => {
    await limited({ rate: { limit: 2, perMs: 60_000, burst: 2 } });
    await one.run(fanOut('on-item-failure: continue'), { list: numbers(5) });
    await one.fanOut();
    const { jobs, nextInMs = 0, rateUses } = await claim(one);
    assert.deepEqual([jobs.length, nextInMs > 60_000, rateUses?.[0]?.used], [2, true, 2]);
    const none = await claim(two);
    assert.deepEqual([none.jobs, none.rateUses?.[0]?.used], [[], 2]);
    for (const job of jobs) await one.settle(job, { kind: 'returned' }, { rated: true });
    assert.equal((await claim(two)).jobs.length, 2);
  });

  it('keep to each of several rates together, and tell the use of each', async () => {
    await limited({ rate: [{ limit: 50, perMs: 1000, burst: 50 }, { limit: 120, perMs: 86_400_000, burst: 120 }], concurrency: 1000 });
    await one.run(fanOut('on-item-failure: continue'), { list: numbers(150) });
    await one.fanOut();
    const first = await claim(one);
    assert.deepEqual([first.jobs.length, first.starts?.rates.map(({ limit }) => limit), first.rateUses?.map(({ used }) => used)], [50, [50, 120], [50, 50]]);
    assert.deepEqual((await claim(two)).jobs, [], 'the rate a second is used up for both');
    for (const job of first.jobs) await one.settle(job, { kind: 'succeeded', output: 'null' }, { rated: true });
    pass(1100);
    const second = await claim(two);
    for (const job of second.jobs) await two.settle(job, { kind: 'succeeded', output: 'null' }, { rated: true });
    pass(1100);
    const third = await claim(one);
    assert.deepEqual([second.jobs.length, third.jobs.length], [50, 20], 'of the day 20 were left');
    pass(60_000);
    const { jobs, nextInMs = 0, rateUses } = await claim(two);
    assert.deepEqual([jobs, rateUses?.map(({ used }) => used)], [[], [0, 120]]);
    assert.ok(nextInMs > 86_000_000 && nextInMs < 86_400_000, `${nextInMs}`);
    for (const job of third.jobs.slice(-3)) await one.settle(job, { kind: 'returned' }, { rated: true });
    assert.equal((await claim(two)).jobs.length, 3, 'what was not used is free in both');
    pass(86_400_000);
    assert.equal((await claim(one)).jobs.length, 30, 'a day later the rest may start');
  });

  it('count a call of a rate from when its receiver had it, however long its answer took', async () => {
    await limited({ rate: { limit: 2, perMs: 60_000, burst: 2 } });
    await one.run(fanOut('on-item-failure: continue'), { list: numbers(5) });
    await one.fanOut();
    const { jobs } = await claim(one);
    for (const job of jobs) await one.settle(job, { kind: 'succeeded', output: 'null' }, { rated: true, countedAgoMs: 30_000 });
    const { nextInMs = 0 } = await claim(two);
    assert.ok(nextInMs > 29_000 && nextInMs < 40_000, `${nextInMs} ms`);
  });

  it("leave bulk work alone that another prepares", async () => {
    await one.one();
    await one.die(await one.next());
    const request = { action: 'discard' } as const;
    const { bulkId } = await one.store.prepareBulk({ request, jobIds: [1], last: false, now: one.now });
    assert.deepEqual(await two.store.forgetBulks({ endedBefore: 0, unprepared: true, limit: 10 }), { more: false });
    await one.store.prepareBulk({ bulkId, request, jobIds: [], last: true, now: one.now });
    await two.store.advanceBulk({ bulkId, limit: 10, now: two.now });
    assert.deepEqual(await one.jobStates(1), ['discarded']);
  });
}
