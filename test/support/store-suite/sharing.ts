import assert from 'node:assert/strict';
import { numbers, StoreBench, fanOut, type StoreInFolder } from './store-bench.ts';

const lostMs = 60_000;

/** What daemons have to agree on. `open`: gives a second one the same store; undefined if a store is for one daemon only. */
export function describeSharing(current: () => StoreBench, open: StoreInFolder | undefined): void {
  if (open === undefined) {
    it('of a store for one daemon: it leads, and never has to check in', async () => {
      const { nextInMs, ...standing } = await current().store.checkIn({ now: current().now, random: 0.5 });
      assert.deepEqual([standing, nextInMs], [{ others: [], leads: true, interrupted: 0, interruptedJobs: [] }, undefined]);
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
  const checkIn = ({ store, now }: StoreBench) => store.checkIn({ now, random: 0.5 });

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
    for (const each of [one, two]) assert.equal((await checkIn(each)).interrupted, 0);
    pass(lostMs);
    const { interrupted, interruptedJobs, others } = await checkIn(two);
    assert.deepEqual([interrupted, interruptedJobs, others], [1, [job.jobId], []]);
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
