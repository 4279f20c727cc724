import assert from 'node:assert/strict';
import type { ClockChange } from '../../../../daemon/core/clock.ts';
import { SharedClock } from '../../../../daemon/platform/shared-clock.ts';
import { MachineClocks } from '../../../support/machine-clocks.ts';

const hour = 3_600_000;

describe('the clock of machines that share a store', () => {
  let server = 0;
  let machine: MachineClocks;
  let clock: SharedClock;
  let told: ClockChange[] = [];
  beforeEach(() => {
    server = 50_000_000;
    machine = new MachineClocks();
    clock = new SharedClock(machine.source);
    told = [];
    clock.onChange((change) => told.push(change));
  });
  const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const pass = (ms: number): void => {
    server += ms;
    machine.pass(ms);
  };
  /** The server is asked, and its answer takes a while. */
  const read = (answerMs: number): void => {
    const said = server;
    pass(answerMs);
    clock.follow(said);
  };
  /** How far the clock is behind the server's. */
  const behind = (): number => server - clock.now();

  it("is the machine's own until the server has said something, and tells of the change", async () => {
    assert.equal(clock.now(), machine.wall);
    read(0);
    clock.now();
    await turn();
    assert.equal(behind(), 0);
    assert.deepEqual(told, [{ shiftMs: 49_000_000, sleptMs: 0 }]);
  });

  describe('that has read', () => {
    beforeEach(async () => {
      read(30);
      clock.now();
      await turn();
      told = [];
    });

    it('goes by the answer that came soonest', () => {
      assert.equal(behind(), 30);
      read(4);
      assert.equal(behind(), 4);
      for (let count = 0; count < 3; count++) read(500);
      assert.ok(behind() <= 7, `${behind()} ms behind`);
    });

    it('follows clocks that run apart', () => {
      read(0);
      for (let count = 0; count < 100; count++) {
        pass(10_000);
        server -= 0.5;
        read(0);
      }
      assert.ok(Math.abs(behind()) <= 2, `${behind()} ms behind`);
    });

    for (const shiftMs of [hour, -hour]) {
      it(`isn't moved when the machine's clock is set by ${shiftMs} ms`, async () => {
        machine.wall += shiftMs;
        pass(2000);
        assert.equal(behind(), 30);
        await turn();
        assert.deepEqual(told, []);
      });
    }

    it('knows what the machine has slept before it has read again', async () => {
      server += hour;
      machine.wall += hour;
      machine.uptime += hour;
      clock.now();
      await turn();
      assert.equal(behind(), 30);
      assert.deepEqual(told, [{ shiftMs: 0, sleptMs: hour }]);
    });

    it("moves with the server's when that is set, and tells of it", async () => {
      server -= hour;
      read(0);
      clock.now();
      await turn();
      assert.equal(behind(), 0);
      assert.deepEqual(told, [{ shiftMs: -hour + 30, sleptMs: 0 }]);
    });
  });
});
