import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;

describe('alerts of a queue', () => {
  let bench: EngineBench;
  /** Queues of which it was told that their alerts have changed. */
  let told: string[];
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
    watch();
  });
  afterEach(() => bench.dispose());

  function watch(): void {
    told = [];
    bench.engine.onAlert((queues) => void told.push(...queues));
  }

  function start(alerts: string, count: number, script?: string, more = 'rate: 60/min'): Promise<number> {
    return bench.runMany(`{ ${more}, alerts: ${alerts} }`, count, script);
  }

  /** `depth warning 73 of 50`. */
  function alerts(queue = 'api'): readonly string[] {
    return bench.engine.alerts.alertsOf(queue).map(({ kind, severity, value, threshold }) => `${kind} ${severity} ${Math.round(value * 100) / 100} of ${threshold}`);
  }

  it('come when too many wait, tell since when, and end when enough of them are done', async () => {
    const thresholds = '{ depth: { warning: 100, error: 10000 } }';
    await start(thresholds, 0);
    await bench.advance(0);
    await start(thresholds, 150);
    await bench.advance(second);
    assert.deepEqual(alerts(), [], 'a spike is none');
    const began = bench.clock.now();
    await bench.advance(15 * second);
    assert.match(alerts().join(), /^depth warning 1[234]\d of 100$/);
    const [alert] = bench.engine.alerts.alertsOf('api');
    assert.ok(alert !== undefined && alert.unit === 'jobs' && Date.parse(alert.since) >= began && Date.parse(alert.since) <= bench.clock.now());
    assert.deepEqual(told, ['api']);
    bench.clock.jumpWall(3);
    assert.equal(bench.engine.alerts.alertsOf('api')[0]?.since, alert.since, 'an alert that continues is the same one, whatever the clocks do');
    await bench.advance(40 * second);
    assert.match(alerts().join(), /^depth warning 9\d of 100$/, 'just below is not enough');
    await bench.advance(minute);
    assert.deepEqual(alerts(), []);
    assert.deepEqual(told, ['api', 'api', 'api'], 'raised, about to end, ended');
    const logged = bench.logged.filter(({ details }) => 'alert' in details);
    assert.deepEqual(logged.map(({ level }) => level), ['warn', 'info']);
    assert.deepEqual(Object.entries(logged[0]?.details ?? {}).filter(([key]) => key !== 'value'), [['queue', 'api'], ['alert', 'depth'], ['unit', 'jobs'], ['severity', 'warning'], ['threshold', 100]]);
  });

  it('come when the oldest job has waited too long, though nothing else happens', async () => {
    await bench.declare([{ name: 'api', alerts: { oldest: { warning: 10 * minute, error: 20 * minute } } }]);
    await bench.setQueue('api', { paused: true });
    await bench.run('steps: { one: { queue: api, uses: test/scripted, with: {} } }');
    await bench.advance(10 * minute - second);
    assert.deepEqual(alerts(), []);
    await bench.advance(12 * second);
    assert.match(alerts().join(), /^oldest warning 6\d{5} of 600000$/);
    await bench.advance(10 * minute);
    assert.match(alerts().join(), /^oldest error/);
    await bench.setQueue('api', { paused: false });
    await bench.advance(minute);
    assert.deepEqual(alerts(), []);
  });

  it('come with the first dead letter, and end when it is replayed with success', async () => {
    const run = await start('{ dead-letters: { error: 1 } }', 1, '400');
    await bench.advance(2 * second);
    assert.deepEqual(alerts(), ['dead-letters error 1 of 1']);
    await bench.replay(await bench.dead(run), { do: 'ok' });
    await bench.advance(minute);
    assert.deepEqual(alerts(), []);
  });

  it('come when too many attempts fail, of enough to tell', async () => {
    const thresholds = '{ failure-rate: { warning: 5%, error: 50%, over: 1m } }';
    await start(thresholds, 4, '400', 'concurrency: 1');
    await bench.advance(20 * second);
    assert.deepEqual(alerts(), [], 'four of four are not a trend');
    await start(thresholds, 2, 'ok', 'concurrency: 1');
    await bench.advance(20 * second);
    assert.deepEqual(alerts(), ['failure-rate error 0.67 of 0.5']);
    await bench.advance(2 * minute);
    assert.deepEqual(alerts(), [], 'what is longer ago than `over` counts no more');
  });

  it('come when more has kept arriving than was done for too long, though the queue is paused', async () => {
    const text = (count: number): Promise<number> => start('{ filling: { warning: 5m } }', count);
    const minutes = async (count: number): Promise<void> => {
      for (let round = 0; round < count * 6; round++) {
        await text(20);
        await bench.advance(10 * second);
      }
    };
    await minutes(4);
    assert.deepEqual(alerts(), []);
    await bench.setQueue('api', { paused: true });
    await minutes(2);
    assert.match(alerts().join(), /^filling warning 3\d{5} of 300000$/);
    await bench.setQueue('api', { paused: false });
    await bench.advance(4 * minute);
    assert.deepEqual(alerts(), [], 'no more comes');
  });

  it('are not raised by one burst, however large', async () => {
    await start('{ filling: { warning: 1m } }', 2000);
    await bench.advance(10 * minute);
    assert.deepEqual(alerts(), []);
    assert.ok(bench.queue('api').depth.pending > 1000, 'it still waits');
  });

  it('come when nothing starts although it could, with the same begin after a restart, and end when something starts', async () => {
    const queues = [{ name: 'api', alerts: { stuck: { warning: 5 * minute } } }];
    await bench.declare(queues);
    await bench.run('steps: { one: { queue: api, uses: test/scripted, with: { headers: { authorization: "${{ secrets.LATER }}" } } } }');
    await bench.advance(4 * minute);
    await bench.run('steps: { one: { queue: api, uses: test/scripted, with: { headers: { authorization: "${{ secrets.LATER }}" } } } }');
    await bench.advance(50 * second);
    assert.deepEqual(alerts(), []);
    await bench.advance(30 * second);
    assert.match(alerts().join(), /^stuck warning 3\d{5} of 300000$/, 'more that comes starts nothing');
    const [before] = bench.engine.alerts.alertsOf('api');
    await bench.crash();
    await bench.start(queues);
    await bench.advance(2 * minute);
    const [after] = bench.engine.alerts.alertsOf('api');
    assert.deepEqual([after?.kind, after?.since], ['stuck', before?.since]);
    writeFileSync(path.join(bench.stateFolder, 'secrets.env'), 'LATER=there\n', { mode: 0o600 });
    bench.engine.needsChanged();
    await bench.advance(2 * minute);
    assert.deepEqual(alerts(), []);
  });

  it('of a queue in which nothing starts are none while something is in its way', async () => {
    await start('{ stuck: { warning: 1m } }', 3, 'ok', 'rate: { limit: 1, per: 1h, burst: 1 }');
    await bench.advance(30 * minute);
    assert.deepEqual([alerts(), bench.queue('api').depth.pending], [[], 2]);
    await bench.setQueue('api', { paused: true });
    await bench.advance(3 * 60 * minute);
    assert.deepEqual(alerts(), []);
    await start('{ stuck: { warning: 1m } }', 30, 'slow:50', 'concurrency: 1');
    await bench.setQueue('api', { paused: false });
    await bench.advance(10 * minute);
    assert.deepEqual(alerts(), [], 'slow ones are under way');
  });

  it('that follow from what is kept are there again after a restart, at once', async () => {
    const run = await start('{ depth: { error: 50 }, dead-letters: { warning: 1 } }', 100, '400');
    await bench.advance(30 * second);
    const before = alerts();
    assert.match(before.join(), /^depth error \d+ of 50,dead-letters warning \d+ of 1$/, 'errors first');
    await bench.crash();
    await bench.start();
    watch();
    await bench.advance(0);
    assert.deepEqual(alerts().map((alert) => alert.replace(/ \d+ of/, '')), before.map((alert) => alert.replace(/ \d+ of/, '')));
    assert.deepEqual(told, [], 'they continue, and are not told again');
    assert.ok((await bench.dead(run)).length > 0);
  });

  it('say when the cause has gone what it was, and end at the time that they tell', async () => {
    const run = await start('{ depth: { warning: 50 } }', 200);
    await bench.advance(30 * second);
    const raised = bench.engine.alerts.alertsOf('api')[0];
    assert.ok(raised !== undefined && raised.endsAt === undefined);
    await bench.cancelRun(run);
    await bench.advance(2 * second);
    const [alert] = bench.engine.alerts.alertsOf('api');
    assert.ok(alert?.endsAt !== undefined && alert.peak !== undefined);
    assert.deepEqual([alert.value, alert.peak.value >= 150, alert.since], [0, true, raised.since]);
    const leftMs = Date.parse(alert.endsAt) - bench.clock.now();
    assert.ok(leftMs > 0 && leftMs <= 30 * second);
    await bench.advance(leftMs - 1);
    assert.equal(alerts().length, 1);
    await bench.advance(2);
    assert.deepEqual(alerts(), []);
  });

  it('are told once over crashes and restarts, with their begin and their worst, and end once', async () => {
    const run = await start('{ depth: { warning: 50 }, failure-rate: { warning: 50%, over: 5m } }', 200, '400');
    await bench.advance(30 * second);
    const before = bench.engine.alerts.alertsOf('api');
    assert.deepEqual(before.map(({ kind }) => kind), ['depth', 'failure-rate']);
    for (const end of ['crash', 'crash', 'stop'] as const) {
      if (end === 'stop') await bench.engine.stop();
      await bench.crash();
      await bench.start();
      watch();
      await bench.advance(3 * second);
      const after = bench.engine.alerts.alertsOf('api');
      assert.deepEqual(after.map(({ kind, since }) => [kind, since]), before.map(({ kind, since }) => [kind, since]));
      assert.ok((after[0]?.peak?.value ?? 0) >= (before[0]?.value ?? 0), 'the worst that it was');
    }
    assert.equal(bench.logged.filter(({ level, details }) => level === 'warn' && 'alert' in details).length, 2, 'one crossing each');
    await bench.cancelRun(run);
    await bench.advance(10 * minute);
    assert.deepEqual(alerts(), []);
    await bench.crash();
    await bench.start();
    await bench.advance(second);
    assert.deepEqual(alerts(), [], 'what has ended stays so');
  });

  it('whose declaration goes while the daemon is down are forgotten', async () => {
    await start('{ depth: { warning: 50 } }', 200);
    await bench.advance(30 * second);
    await bench.crash();
    await bench.start([{ name: 'api', rate: { limit: 60, perMs: minute, burst: 1 } }]);
    await bench.advance(second);
    assert.deepEqual([alerts(), await bench.store.listAlerts()], [[], []]);
  });

  it('follow the file when it is saved', async () => {
    await start('{ depth: { warning: 10 } }', 100);
    await bench.advance(12 * second);
    assert.match(alerts().join(), /^depth warning/);
    await bench.declare([{ name: 'api', rate: { limit: 60, perMs: minute, burst: 1 }, alerts: { depth: { error: 10 } } }]);
    await bench.advance(12 * second);
    assert.match(alerts().join(), /^depth error \d+ of 10$/);
    await bench.declare([{ name: 'api', rate: { limit: 60, perMs: minute, burst: 1 } }]);
    assert.deepEqual(alerts(), []);
    assert.deepEqual(told, ['api', 'api', 'api']);
  });

  it('cost nothing while nothing happens', async () => {
    await start('{ depth: { warning: 10 }, oldest: { warning: 1m }, filling: { warning: 1m } }', 20, 'ok', 'concurrency: 5');
    await bench.advance(2 * minute);
    assert.equal(bench.queue('api').depth.pending, 0);
    const next = bench.clock.nextTimerAt();
    assert.ok(next === undefined || next - bench.clock.now() > minute, 'no timer but that of the pruner');
  });
});
