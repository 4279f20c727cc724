import assert from 'node:assert/strict';
import type { ClockChange } from '../../../../daemon/core/clock.ts';
import { SteadyClock } from '../../../../daemon/platform/system-clock.ts';
import { MachineClocks } from '../../../support/machine-clocks.ts';

const hour = 3_600_000;

describe('a steady clock', () => {
  let machine: MachineClocks;
  let clock: SteadyClock;
  let told: ClockChange[] = [];
  beforeEach(() => {
    machine = new MachineClocks();
    clock = new SteadyClock(machine.source);
    told = [];
    clock.onChange((change) => told.push(change));
  });
  const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const pass = (ms: number): void => machine.pass(ms);

  it('is the wall clock, and follows its small corrections without a word', async () => {
    for (const correction of [0, 3, -900, 900, -20]) {
      pass(10_000);
      machine.wall += correction;
      assert.equal(clock.now(), machine.wall);
      await turn();
    }
    assert.deepEqual(told, []);
  });

  for (const shiftMs of [6 * hour, -6 * hour, 2000]) {
    it(`continues steadily when the wall clock is set by ${shiftMs} ms, until all have been told`, async () => {
      pass(1000);
      const before = clock.now();
      machine.wall += shiftMs;
      pass(5);
      assert.equal(clock.now(), before + 5);
      clock.onChange(() => assert.equal(clock.now(), machine.wall));
      await turn();
      assert.deepEqual(told, [{ shiftMs, sleptMs: 0 }]);
      assert.equal(clock.now(), machine.wall);
      assert.equal(clock.monotonic(), machine.monotonic);
      await turn();
      assert.equal(told.length, 1);
    });
  }

  it('takes for sleep what the uptime has advanced, and for a correction the rest', async () => {
    clock.now();
    machine.wall += 8 * hour;
    machine.uptime += 8 * hour - 20;
    clock.now();
    await turn();
    assert.deepEqual(told, [{ shiftMs: 0, sleptMs: 8 * hour - 20 }]);
    assert.equal(clock.monotonic(), machine.monotonic + 8 * hour - 20, 'real time has passed');
    machine.wall -= 5 * hour;
    machine.uptime += hour;
    clock.now();
    await turn();
    assert.deepEqual(told[1], { shiftMs: -6 * hour, sleptMs: hour });
    assert.equal(clock.now(), machine.wall);
  });

  it('gives a reading to compare with later, which has a change, and the sleep in it, once that was told', async () => {
    pass(1000);
    const before = clock.anchor();
    assert.deepEqual(before, { wallMs: machine.wall, uptimeMs: machine.uptime, bootId: 'boot 1', hostname: 'machine' });
    machine.wall += 10 * hour;
    machine.uptime += 8 * hour;
    assert.deepEqual(clock.anchor(), before);
    await turn();
    assert.deepEqual(clock.anchor(), { ...before, wallMs: machine.wall, uptimeMs: machine.uptime });
  });

  it('tells nobody of a change that was taken back within the same turn, nor anyone who has left', async () => {
    machine.wall += hour;
    clock.now();
    machine.wall -= hour;
    await turn();
    assert.deepEqual(told, []);
    const others: ClockChange[] = [];
    clock.onChange((change) => others.push(change))();
    machine.wall += hour;
    clock.now();
    await turn();
    assert.deepEqual([told.length, others.length], [1, 0]);
  });
});
