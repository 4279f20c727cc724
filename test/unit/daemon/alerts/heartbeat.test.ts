import assert from 'node:assert/strict';
import { Heartbeat } from '../../../../daemon/alerts/heartbeat.ts';
import type { SentLetter } from '../../../../daemon/alerts/letter-sender.ts';
import type { Template } from '../../../../schemas/workflow/template.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const minute = 60_000;

describe('the heartbeat', () => {
  const clock = new FakeClock();
  let url: Template | undefined;
  let trouble: string | undefined;
  let answer: SentLetter;
  let calls: number;
  let logged: string[];
  let heartbeat: Heartbeat;
  beforeEach(() => {
    url = { kind: 'literal', value: 'https://monitor.example.com/1' };
    trouble = undefined;
    answer = { ok: true, answered: '200' };
    calls = 0;
    logged = [];
    const log = (_details: object, message: string): void => void logged.push(message);
    heartbeat = new Heartbeat({
      clock,
      url: () => url,
      trouble: async () => trouble,
      call: async () => {
        calls++;
        return answer;
      },
      log: { info: log, warn: log },
    });
  });
  afterEach(() => heartbeat.stop());

  const advance = (ms: number): Promise<void> =>
    clock.advance(ms, async () => {
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    });

  it('goes out each minute while all is well', async () => {
    heartbeat.start();
    await advance(10 * minute);
    assert.equal(calls, 11);
    assert.equal(heartbeat.standing?.calledAt, clock.now());
    assert.deepEqual(logged, []);
  });

  it('stops where all is not well, says so once, and goes on', async () => {
    heartbeat.start();
    await advance(minute);
    trouble = 'The store can not be written.';
    await advance(5 * minute);
    assert.deepEqual([calls, heartbeat.standing?.problem], [2, 'The store can not be written.']);
    trouble = undefined;
    await advance(2 * minute);
    assert.deepEqual([calls, heartbeat.standing?.problem], [4, undefined]);
    assert.equal(logged.length, 2);
  });

  it('says why it was not answered', async () => {
    answer = { ok: false, problem: 'monitor.example.com answered 404 Not Found.' };
    heartbeat.start();
    await advance(3 * minute);
    assert.deepEqual([calls, heartbeat.standing?.problem, logged.length], [4, 'monitor.example.com answered 404 Not Found.', 1]);
  });

  it('begins and ends with the file', async () => {
    url = undefined;
    heartbeat.start();
    await advance(5 * minute);
    assert.deepEqual([calls, heartbeat.standing, clock.nextTimerAt()], [0, undefined, undefined]);
    url = { kind: 'literal', value: 'https://monitor.example.com/2' };
    heartbeat.apply();
    await advance(minute);
    assert.equal(calls, 2);
    url = undefined;
    heartbeat.apply();
    await advance(5 * minute);
    assert.equal(calls, 2);
  });
});
