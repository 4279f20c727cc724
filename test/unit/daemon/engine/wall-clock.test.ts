import assert from 'node:assert/strict';
import { EngineBench } from '../../../support/engine-bench.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('when the wall clock is set', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  const failing = (delay: string): Promise<number> =>
    bench.run(`steps: { call: { uses: test/scripted, retry: { delays: [${delay}] }, with: { do: [503, ok] } } }`);
  const attempts = (): number => bench.action.seen.length;

  for (const jump of [-6 * hour, 6 * hour, 10 * 365 * day]) {
    describe(`by ${jump / hour} h`, () => {
      it('a retry comes after its delay', async () => {
        for (const [delay, delayMs] of [['5s', 5 * second], ['2h', 2 * hour]] as const) {
          await failing(delay);
          await bench.advance(second);
          bench.clock.jumpWall(jump);
          const before = attempts();
          await bench.advance(delayMs - second - 10);
          assert.equal(attempts(), before, `${delay}: not before`);
          await bench.advance(20);
          assert.equal(attempts(), before + 1, `${delay}: and then`);
        }
      });

      it('a queue is held as long as its receiver asked for', async () => {
        await bench.runMany('{ concurrency: 1 }', 3, '429:4');
        assert.equal(attempts(), 1);
        bench.clock.jumpWall(jump);
        await bench.advance(3.9 * second);
        assert.equal(attempts(), 1);
        assert.equal(bench.queue('api').hold?.until, bench.clock.now() + 100, 'and is shown in the new time');
        await bench.advance(0.2 * second);
        assert.equal(attempts(), 2);
      });

      it('a rate continues as it was', async () => {
        await bench.runMany('{ rate: { limit: 10, per: 1m, burst: 1 }, concurrency: 5 }', 60);
        await bench.advance(30 * second);
        bench.clock.jumpWall(jump);
        await bench.advance(30 * second);
        assert.ok(Math.abs(attempts() - 10) <= 1, `${attempts()}`);
      });

      it('jobs keep their order, and aren\'t older than they are', async () => {
        await bench.setQueue('default', { paused: true });
        const first = await bench.run('steps: { call: { uses: test/scripted, with: { n: 1 } } }');
        await bench.advance(minute);
        bench.clock.jumpWall(jump);
        await bench.advance(minute);
        await bench.run('steps: { call: { uses: test/scripted, with: { n: 2 } } }');
        assert.equal(bench.clock.now() - ((await bench.store.oldestPending())['default'] ?? 0), 2 * minute);
        await bench.setQueue('default', { paused: false, concurrency: 1 });
        await bench.advance(second);
        assert.deepEqual(bench.action.inputs.map((input) => input['n']), [1, 2]);
        assert.deepEqual(await bench.states(first), { run: 'succeeded', call: 'succeeded' });
      });

      it('an attempt that is under way meanwhile fails after its time limit, and its retry comes after its delay', async () => {
        await bench.run('steps: { call: { uses: test/scripted, timeout: 20s, retry: { delays: [10s] }, with: { do: [hang, ok] } } }');
        await bench.advance(5 * second);
        bench.clock.jumpWall(jump);
        await bench.advance(14 * second);
        assert.equal((await bench.jobOf(1, 'call')).state, 'active');
        await bench.advance(2 * second);
        const { state, attempts: made } = await bench.jobOf(1, 'call');
        assert.equal(state, 'delayed');
        assert.ok((made[0]?.durationMs ?? -1) >= 0);
        await bench.advance(10 * second);
        assert.equal((await bench.jobOf(1, 'call')).state, 'succeeded');
      });

      it('what the store can\'t be told just then is told when it can be written again', async () => {
        await failing('2h');
        await bench.advance(minute);
        bench.trouble = 'the disk is full';
        bench.clock.jumpWall(jump);
        await bench.advance(minute);
        bench.trouble = undefined;
        await bench.advance(minute);
        await bench.advance(2 * hour - 4 * minute);
        assert.equal(attempts(), 1);
        await bench.advance(2 * minute);
        assert.equal(attempts(), 2);
      });
    });
  }

  for (const [how, end] of [['was stopped', () => bench.stop()], ['has crashed', () => bench.crash()]] as const) {
    describe(`while no daemon runs, since it ${how}`, () => {
      const toldOf = (): object[] => bench.logged.filter(({ message }) => message.includes('set while no daemon ran')).map(({ details }) => details);
      /** The clock is set in the middle of a rest. */
      const rest = async (restMs: number, setMs: number): Promise<void> => {
        await end();
        await bench.clock.advance(restMs / 2);
        bench.clock.jumpWall(setMs);
        await bench.clock.advance(restMs / 2);
        await bench.start();
      };

      for (const setMs of [2 * hour, -6 * hour, 10 * 365 * day]) {
        it(`by ${setMs / hour} h, a retry comes after its delay, the rest included`, async () => {
          await failing('2h');
          await bench.advance(10 * minute);
          await rest(hour, setMs);
          await bench.advance(49 * minute);
          assert.equal(attempts(), 1, 'not before');
          await bench.advance(2 * minute);
          assert.equal(attempts(), 2, 'and then');
          assert.deepEqual(toldOf(), [{ shiftMs: setMs }]);
        });

        it(`by ${setMs / hour} h, a queue is held as long as its receiver asked for`, async () => {
          await bench.runMany('{ concurrency: 1 }', 3, '429:4');
          await rest(second, setMs);
          assert.equal(bench.queue('api').hold?.until, bench.clock.now() + 3 * second);
          await bench.advance(2.9 * second);
          assert.equal(attempts(), 1);
          await bench.advance(0.2 * second);
          assert.equal(attempts(), 2);
        });

        it(`by ${setMs / hour} h, a rate continues as it was`, async () => {
          await bench.runMany('{ rate: { limit: 10, per: 1h, burst: 10 }, concurrency: 20 }', 30);
          assert.equal(attempts(), 10);
          await rest(10 * minute, setMs);
          await bench.advance(49 * minute);
          assert.equal(attempts(), 10);
          await bench.advance(2 * minute);
          assert.ok(Math.abs(attempts() - 20) <= 1, `${attempts()}`);
        });
      }

      it('and is told once', async () => {
        await rest(hour, 2 * hour);
        await rest(hour, 0);
        assert.deepEqual(toldOf(), [{ shiftMs: 2 * hour }]);
      });

      it('a long rest is a rest', async () => {
        await failing('2h');
        await bench.advance(10 * minute);
        await rest(30 * day, 0);
        await bench.advance(second);
        assert.equal(attempts(), 2);
        assert.deepEqual(toldOf(), []);
      });

      it('a rest in which the machine was asleep is a rest', async () => {
        await failing('2h');
        await end();
        bench.clock.sleep(8 * hour);
        await bench.start();
        await bench.advance(second);
        assert.equal(attempts(), 2);
        assert.deepEqual(toldOf(), []);
      });

      it('a rest with a restart of the machine is a rest', async () => {
        await failing('2h');
        await bench.advance(10 * minute);
        await end();
        bench.clock.reboot(3 * hour);
        await bench.start();
        await bench.advance(second);
        assert.equal(attempts(), 2);
        assert.deepEqual(toldOf(), []);
      });

      it('set back over a restart of the machine, a wait is no longer than it was asked to be', async () => {
        await failing('10m');
        await bench.advance(minute);
        await end();
        bench.clock.reboot(minute);
        bench.clock.jumpWall(-6 * hour);
        await bench.start();
        await bench.advance(11 * minute);
        assert.equal(attempts(), 2);
      });
    });
  }

  it('back over a restart of the machine, after a daemon was stopped that had long done nothing, a wait counts from the stop', async () => {
    await failing('10h');
    await bench.advance(8 * hour);
    await bench.stop();
    bench.clock.reboot(0);
    bench.clock.jumpWall(-6 * hour);
    await bench.start();
    await bench.advance(2 * hour + second);
    assert.equal(attempts(), 2);
  });

  it('forward while no daemon runs, a slow call counts for its rate from its end', async () => {
    await bench.runMany('{ rate: { limit: 1, per: 1m }, concurrency: 2 }', 2, 'slow:8');
    await bench.advance(10 * second);
    await bench.stop();
    bench.clock.jumpWall(2 * hour);
    await bench.start();
    await bench.advance(57 * second);
    assert.equal(attempts(), 1);
    await bench.advance(5 * second);
    assert.equal(attempts(), 2);
  });

  for (const [when, endsBefore] of [['can be written before', true], ['can\'t be written until after', false]] as const) {
    it(`what the store was not told is seen at the next start, if it ${when} the stop`, async () => {
      await failing('2h');
      await bench.advance(minute);
      bench.trouble = 'the disk is full';
      bench.clock.jumpWall(2 * hour);
      await bench.advance(minute);
      if (endsBefore) bench.trouble = undefined;
      await bench.stop();
      bench.trouble = undefined;
      await bench.start();
      await bench.advance(2 * hour - 4 * minute);
      assert.equal(attempts(), 1);
      await bench.advance(4 * minute);
      assert.equal(attempts(), 2);
    });
  }

  it('forward by years, nothing that was to be kept is deleted', async () => {
    const run = await bench.run('steps: { call: { uses: test/scripted, with: {} } }');
    bench.clock.jumpWall(10 * 365 * day);
    await bench.advance(hour);
    assert.deepEqual(await bench.states(run), { run: 'succeeded', call: 'succeeded' });
    await bench.advance(30 * day);
    assert.equal(await bench.store.getRun({ runId: run }), undefined, 'but when its time has come');
  });

  it('is told in the log', async () => {
    bench.clock.jumpWall(-hour);
    bench.clock.now();
    await bench.rest();
    assert.deepEqual(bench.logged.filter(({ level }) => level === 'warn').map(({ details }) => details), [{ shiftMs: -hour }]);
  });
});

describe('when the machine has slept', () => {
  let bench: EngineBench;
  beforeEach(async () => {
    bench = new EngineBench();
    await bench.start();
  });
  afterEach(() => bench.dispose());

  it('real time has passed: what fell due meanwhile comes within a minute', async () => {
    await bench.run('steps: { call: { uses: test/scripted, retry: { delays: [2h] }, with: { do: [503, ok] } } }');
    await bench.runMany('{ concurrency: 1 }', 2, '429:3600');
    await bench.advance(minute);
    assert.equal(bench.action.seen.length, 2);
    bench.clock.sleep(8 * hour);
    await bench.advance(minute);
    assert.equal(bench.action.seen.length, 4);
  });

  it('a rate has its places back', async () => {
    await bench.runMany('{ rate: { limit: 2, per: 1d, burst: 2 }, concurrency: 5 }', 4);
    assert.equal(bench.action.seen.length, 2);
    bench.clock.sleep(day);
    // As the daemon does every two seconds, whatever else it does.
    bench.clock.now();
    await bench.advance(2 * minute);
    assert.equal(bench.action.seen.length, 4);
  });
});
