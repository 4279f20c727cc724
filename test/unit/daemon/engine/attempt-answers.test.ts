import assert from 'node:assert/strict';
import { BodyProcess } from '../../../../daemon/actions/body-process.ts';
import { answerBudgetBytes, AttemptAnswers } from '../../../../daemon/engine/attempt-answers.ts';
import { AttemptSignal } from '../../../../daemon/engine/attempt-signal.ts';
import { Masker } from '../../../../daemon/secrets/masker.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const body = { bytes: Buffer.from(JSON.stringify('x'.repeat(1000))), headers: {}, host: 'receiver.example' };
const masker = new Masker([]);

describe('the large answers of attempts', () => {
  const clock = new FakeClock();
  let bodies: BodyProcess;
  let answers: AttemptAnswers;
  /** How often the store gave memory back. */
  let released = 0;
  beforeEach(() => {
    clock.begin();
    bodies = new BodyProcess();
    released = 0;
    answers = new AttemptAnswers({ clock, bodies, store: { releaseMemory: async () => { released++; } } });
  });
  afterEach(() => answers.stop());

  /** An attempt of that job that holds all memory for answers. */
  async function holdAll(jobId: number): Promise<AttemptSignal> {
    const attempt = new AttemptSignal(clock);
    attempt.start();
    await answers.room(jobId, attempt, answerBudgetBytes);
    return attempt;
  }

  function end(jobId: number): void {
    const slot = { startInMs: 0, depart: undefined, isFollowed: false, taken: {}, isTooLate: false, countedAgoMs: undefined, started: () => {}, sent: () => {}, putOff: () => {}, release: () => {} };
    answers.untilStored(jobId, slot).release();
  }

  it('of one that was given up are counted until no process works on them', async () => {
    const attempt = await holdAll(1);
    const order: string[] = [];
    const encoded = answers.encode(1, attempt, masker, { status: 200 }, body).then(() => order.push('encoded'));
    attempt.abort('cancelled');
    end(1);
    const next = holdAll(2).then(() => order.push('next'));
    await Promise.all([encoded, next]);
    assert.deepEqual(order, ['encoded', 'next']);
  });

  it('tell the action that its outcome survives a crash when the slot is released, whether it held memory or not', async () => {
    await holdAll(1);
    for (const [jobId, isFollowed] of [[1, false], [2, true]] as const) {
      const told: string[] = [];
      const slot = { startInMs: 0, depart: undefined, isFollowed: true, taken: {}, isTooLate: false, countedAgoMs: undefined, started: () => {}, sent: () => {}, putOff: () => {}, release: () => told.push('released') };
      const ended = answers.untilStored(jobId, slot, () => told.push('settled'));
      assert.deepEqual([told, ended.isFollowed], [[], isFollowed]);
      ended.release();
      assert.deepEqual(told, ['released', 'settled']);
    }
  });

  it('are worked on in a process that ends two seconds after the last of them', async () => {
    const attempt = await holdAll(1);
    await answers.encode(1, attempt, masker, { status: 200 }, body);
    const isThere = (): boolean => bodies.pid !== undefined;
    await clock.advance(10_000);
    assert.ok(isThere(), 'its outcome is not in the store yet');
    end(1);
    await clock.advance(1000);
    await holdAll(2);
    end(2);
    await clock.advance(1500);
    assert.ok(isThere());
    await clock.advance(1000);
    assert.equal(isThere(), false);
  });

  it("let the store give memory back two seconds after the last of them, once, and not where they were small", async () => {
    await holdAll(1);
    end(1);
    await clock.advance(1000);
    assert.equal(released, 0);
    await clock.advance(10_000);
    assert.equal(released, 1);
    const attempt = new AttemptSignal(clock);
    attempt.start();
    await answers.room(2, attempt, 1_000_000);
    end(2);
    await clock.advance(10_000);
    assert.equal(released, 1);
  });
});
