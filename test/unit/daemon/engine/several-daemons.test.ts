import assert from 'node:assert/strict';
import { SharedBench, type SharedDaemon } from '../../../support/shared-bench.ts';

const second = 1000;
const minute = 60 * second;
/** A lease, the time between two check-ins, and some more. */
const rescued = 45 * second;

const texts = {
  many: `
queues: { api: { concurrency: 4, timeout: 1h, retry: none, alerts: { depth: { warning: 30 } } } }
inputs: { items: { type: array }, do: {} }
steps:
  each:
    queue: api
    uses: test/scripted
    foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }
    with: { n: "\${{ item }}", do: "\${{ inputs.do }}" }
`,
  failing: `
queues: { bad: { concurrency: 4, retry: none, alerts: { failure-rate: { error: 50% } } } }
inputs: { items: { type: array } }
steps:
  each:
    queue: bad
    uses: test/scripted
    foreach: { items: "\${{ inputs.items }}", on-item-failure: continue }
    with: { n: "\${{ item }}", do: invalid }
`,
  hourly: `
on: { schedule: [{ cron: "*/10 * * * *", timezone: UTC }] }
steps: { call: { uses: test/scripted, with: { n: "\${{ run.id }}" } } }
`,
};

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('daemons that share a store', () => {
  let bench: SharedBench;
  let one: SharedDaemon;
  let two: SharedDaemon;
  let three: SharedDaemon;
  beforeEach(async () => {
    bench = new SharedBench(texts);
    one = await bench.join('one');
    two = await bench.join('two');
    three = await bench.join('three');
  });
  afterEach(() => bench.dispose());

  const many = (daemon: SharedDaemon, count: number, script: unknown): Promise<number> => bench.run(daemon, 'many', { items: numbers(count), do: script as string });
  const sentTwice = (): number => [...bench.sent('n').values()].filter((count) => count > 1).length;
  const tally = async (runId: number): Promise<unknown> => {
    const run = await bench.runDetail(runId);
    return [run?.state, bench.sent('n').size];
  };

  it('do each job once, all of them', async () => {
    const run = await many(two, 60, 'slow:1');
    await bench.advance(30 * second);
    assert.deepEqual([await tally(run), sentTwice()], [['succeeded', 60], 0]);
    // Who claims first is chance; the concurrency is that of all together.
    assert.ok(bench.daemons.filter(({ action }) => action.seen.length > 0).length >= 2);
  });

  it('take over what one had under way that has died, and nothing else', async () => {
    const run = await many(one, 20, 'slow:2');
    const inFlight = [...one.action.inputs];
    assert.equal(inFlight.length, 4);
    one.die();
    await bench.advance(rescued);
    assert.deepEqual(await tally(run), ['succeeded', 20]);
    assert.deepEqual([...bench.sent('n')].filter(([, count]) => count > 1).map(([n]) => Number(n)).sort(), inFlight.map(({ n }) => n).sort());
    assert.equal([two, three].reduce((sum, daemon) => sum + daemon.count(/has not been heard of/), 0), 1, 'one of them says it');
  });

  it('are led by one: the next one leads when that dies, and the first does not when it comes back', async () => {
    assert.deepEqual(bench.leaders, ['one']);
    one.die();
    await bench.advance(rescued);
    assert.deepEqual(bench.leaders, ['two']);
    two.hang();
    await bench.advance(rescued);
    assert.deepEqual(bench.leaders, ['three']);
    two.return();
    assert.equal(two.engine.membership.leads, false, 'it has not looked yet');
    await bench.advance(rescued);
    assert.equal(bench.leaders.length, 1);
  });

  it('turn all items into jobs though the one that leads dies in the middle', async () => {
    const run = await bench.run(two, 'many', { items: numbers(2000), do: 'ok' });
    one.die();
    await bench.advance(rescued);
    assert.deepEqual(await tally(run), ['succeeded', 2000]);
    assert.ok(sentTwice() <= 4);
  });

  it('start each time of a schedule once, whoever dies, hangs or is cut off', async () => {
    await bench.advance(25 * minute);
    one.die();
    await bench.advance(20 * minute);
    two.hang();
    await bench.advance(20 * minute);
    two.return();
    three.cutOff();
    await bench.advance(20 * minute);
    three.return();
    await bench.advance(10 * minute);
    // From 9:00 to 10:35 there are nine times.
    assert.deepEqual([[...bench.sent('n').keys()].length, sentTwice()], [9, 0]);
  });

  it('count the attempts of all for the share that fails, not just those of the one that looks', async () => {
    // The one that leads has none.
    one.engine.dispatcher.queue('bad').stop();
    await bench.run(two, 'failing', { items: numbers(12) });
    await bench.advance(minute);
    assert.deepEqual(one.action.seen.length, 0);
    assert.deepEqual(one.engine.alerts.alertsOf('bad').map(({ kind, value }) => [kind, value]), [['failure-rate', 1]]);
    assert.equal(bench.daemons.reduce((sum, daemon) => sum + daemon.count(/crossed a threshold/), 0), 1);
    // Nothing ends within the time that is looked at any longer.
    await bench.advance(6 * minute);
    assert.deepEqual(one.engine.alerts.alertsOf('bad'), []);
  });

  it('tell an alert once, though the one that has told it dies while it lasts', async () => {
    await many(two, 60, 'slow:300');
    await bench.advance(30 * second);
    const told = (): number[] => bench.daemons.map((daemon) => daemon.count(/crossed a threshold/));
    assert.deepEqual(told(), [1, 0, 0]);
    assert.equal(three.engine.alerts.alertsOf('api')[0]?.kind, 'depth', 'each of them shows it');
    one.die();
    await bench.advance(2 * minute);
    assert.deepEqual([told(), two.engine.alerts.alertsOf('api').length], [[1, 0, 0], 1]);
    assert.equal(two.engine.alerts.alertsOf('api')[0]?.since, three.engine.alerts.alertsOf('api')[0]?.since);
  });

  it('take nothing over from each other when the store was away for all of them: what had ended meanwhile is written, and not made again', async () => {
    const run = await many(one, 4, 'slow:10');
    assert.equal(one.action.seen.length, 4);
    for (const daemon of bench.daemons) daemon.cutOff();
    // Its attempts end while nobody can write it down, and then all leases end.
    await bench.advance(2 * minute);
    two.return();
    await bench.advance(5 * second);
    assert.equal(two.engine.membership.isCurrent, true);
    one.return();
    await bench.advance(minute);
    assert.deepEqual([await tally(run), sentTwice(), one.engine.outcomes.late], [['succeeded', 4], 0, 0]);
  });

  it('take over what one had under way that has died while the store was away for all', async () => {
    const run = await many(one, 4, 'slow:10');
    for (const daemon of bench.daemons) daemon.cutOff();
    await bench.advance(2 * minute);
    one.die();
    two.return();
    await bench.advance(minute);
    assert.deepEqual([await tally(run), sentTwice()], [['succeeded', 4], 4]);
  });

  it('know that one which was stopped for long has lost its work: it gives that up, and what it says of it is refused and counted', async () => {
    const run = await many(one, 8, ['slow:5', 'ok']);
    const had = one.action.seen.length;
    assert.equal(had, 4);
    one.hang();
    await bench.advance(rescued);
    assert.deepEqual(await tally(run), ['succeeded', 8]);
    one.return();
    await bench.advance(15 * second);
    assert.equal(one.engine.outcomes.late, had);
    assert.equal(one.count(/could not check in/), 1);
    assert.equal(one.count(/is one of those that share the store again/), 1);
    assert.equal(sentTwice(), had);
    const later = await many(one, 30, 'ok');
    await bench.advance(5 * second);
    assert.deepEqual([(await bench.runDetail(later))?.state, one.action.seen.length > had], ['succeeded', true], 'and works as before');
  });

  it('one that wakes starts nothing before it has looked whether its lease has ended', async () => {
    const run = await many(one, 40, 'slow:60');
    const before = two.action.seen.length;
    // It hears that it may start more before any of its timers fires.
    two.hang();
    for (const daemon of [one, three]) daemon.die();
    two.clock.stall(rescued);
    two.return();
    two.engine.dispatcher.wakeAll();
    await bench.rest();
    assert.equal(two.action.seen.length, before);
    assert.equal(two.engine.membership.isCurrent, false);
    await bench.advance(20 * minute);
    assert.equal((await bench.runDetail(run))?.state, 'succeeded');
  });

  it('one that is cut off from the store claims nothing, gives up what it has in time, and says so', async () => {
    const run = await many(one, 8, ['slow:60', 'ok']);
    one.cutOff();
    await bench.advance(19 * second);
    assert.deepEqual([one.count(/could not check in/), [...one.action.alive.values()].filter((alive) => alive > 0).length], [0, 4]);
    await bench.advance(2 * second);
    assert.equal(one.count(/could not check in/), 1);
    assert.equal(one.engine.membership.leads, false);
    assert.notEqual(one.engine.membership.lapsedAt, undefined);
    await bench.advance(rescued);
    assert.deepEqual(bench.leaders, ['two']);
    const seen = one.action.seen.length;
    one.return();
    await bench.advance(2 * minute);
    assert.deepEqual(await tally(run), ['succeeded', 8]);
    assert.ok(sentTwice() <= 4 && one.action.seen.length >= seen);
    assert.equal(one.engine.health.trouble, undefined);
    assert.equal(one.engine.membership.lapsedAt, undefined);
  });
});
