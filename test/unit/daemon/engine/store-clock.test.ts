import assert from 'node:assert/strict';
import type { ClockAnchor } from '../../../../daemon/core/clock.ts';
import { StoreClock } from '../../../../daemon/engine/store-health.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const hour = 3_600_000;

describe("the clock of the store's waits", () => {
  let clock: FakeClock;
  let shifts: number[];
  let storeClock: StoreClock;
  beforeEach(() => {
    clock = new FakeClock();
    shifts = [];
    storeClock = new StoreClock({ clock, store: { shiftWaits: async ({ byMs }) => void shifts.push(byMs) }, onError: (error) => assert.ifError(error) });
    clock.onChange(({ shiftMs }) => storeClock.shift(shiftMs));
  });
  const set = async (byMs: number): Promise<void> => {
    clock.jumpWall(byMs);
    clock.now();
    await new Promise((resolve) => setImmediate(resolve));
  };

  it('leaves to the opening what was set before it, also while the disk was too full to open', async () => {
    await set(2 * hour);
    await assert.rejects(storeClock.open(async () => {
      throw new Error('the disk is full');
    }));
    await set(hour);
    let seen: ClockAnchor | undefined;
    await storeClock.open(async (anchor) => {
      seen = anchor;
    });
    assert.equal(seen?.wallMs, clock.now());
    await storeClock.catchUp();
    assert.deepEqual(shifts, []);
  });

  it('tells the store what was set while it was being opened', async () => {
    await storeClock.open(() => set(2 * hour));
    await storeClock.catchUp();
    await storeClock.catchUp();
    assert.deepEqual(shifts, [2 * hour]);
  });
});
