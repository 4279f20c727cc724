import assert from 'node:assert/strict';
import { Membership } from '../../../../daemon/engine/membership.ts';
import type { CheckIn, LostRecovered } from '../../../../daemon/store/store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

describe('a daemon among those that share its store', () => {
  const member = (nextInMs: number | undefined, goesBackAt?: number) => {
    const clock = new FakeClock();
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    let asked = 0;
    const happened: string[] = [];
    const checkIn = async (): Promise<CheckIn> => {
      asked++;
      return { others: [], leads: true, ...(nextInMs === undefined ? {} : { nextInMs }), ...(asked === goesBackAt ? { hasGoneBack: true as const } : {}) };
    };
    const recoverLost = async (): Promise<LostRecovered> => ({ interrupted: 0, interruptedJobs: [], hasGoneBack: true });
    const membership = new Membership({ clock, random: () => 0.5, store: { checkIn, recoverLost }, log, onError: () => {}, onLapse: () => happened.push('lapse'), onCheckIn: ({ isBack, hasGoneBack }) => happened.push(`${isBack ? 'back' : 'in'}${hasGoneBack ? ', all is otherwise' : ''}`) });
    return { clock, membership, asked: () => asked, happened };
  };

  it('that has it for itself asks once, and has no timer', async () => {
    const { clock, membership, asked } = member(undefined);
    await membership.start();
    assert.deepEqual([membership.leads, membership.term, clock.nextTimerAt()], [true, 0, undefined]);
    clock.stall(3_600_000);
    await membership.check();
    assert.deepEqual([membership.leads, asked()], [true, 1]);
  });

  it('gives up what it has under way when the store has lost what was written last, and goes on', async () => {
    const { clock, membership, happened } = member(10_000, 2);
    await membership.start();
    await clock.advance(25_000, () => new Promise((resolve) => void setImmediate(resolve)));
    assert.deepEqual([happened, membership.term, membership.isCurrent], [['in', 'in', 'lapse', 'back, all is otherwise', 'in'], 1, true]);
    await membership.stop();
  });

  it('checks in again in time, and has none once it is stopped', async () => {
    const { clock, membership, asked } = member(10_000);
    await membership.start();
    await clock.advance(35_000, () => new Promise((resolve) => void setImmediate(resolve)));
    assert.deepEqual([membership.leads, asked()], [true, 4]);
    await membership.stop();
    assert.equal(clock.nextTimerAt(), undefined);
  });
});
