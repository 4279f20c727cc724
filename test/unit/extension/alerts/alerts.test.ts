import assert from 'node:assert/strict';
import { AlertCrossings, type AlertMemory, type Crossing, alertNotice } from '../../../../extension/alerts/alert-crossings.ts';
import type { QueueAlert } from '../../../../schemas/protocol/queue.ts';
import { alert, minutesAgo, now, queue } from '../../daemon/cli/protocol-samples.ts';

const folder = 'file:///shop';
const memory = (): AlertMemory => {
  const kept = new Map<string, unknown>();
  return { get: <T>(key: string) => kept.get(key) as T | undefined, update: async (key, value) => void kept.set(key, structuredClone(value)) };
};
const esp = (...alerts: QueueAlert[]): readonly ReturnType<typeof queue>[] => [queue({ name: 'esp', alerts }), queue({ name: 'crm' })];

describe('crossed thresholds', () => {
  it('are told once, and again when they are crossed again', () => {
    const crossings = new AlertCrossings(memory());
    const told = (...alerts: QueueAlert[]): readonly string[] => crossings.take(folder, esp(...alerts)).map((one) => `${one.alert.kind} ${one.alert.severity}`);
    assert.deepEqual(told(), []);
    assert.deepEqual(told(alert()), ['depth warning']);
    assert.deepEqual(told(alert({ value: 9000 })), []);
    assert.deepEqual(told(alert({ severity: 'error', since: minutesAgo(1) })), ['depth error'], 'worse is news');
    assert.deepEqual(told(alert({ since: minutesAgo(0) })), [], 'better is none');
    assert.deepEqual(told(alert({ kind: 'oldest' }), alert()), ['oldest warning']);
    assert.deepEqual(told(), []);
    assert.deepEqual(told(alert({ since: minutesAgo(0) })), ['depth warning'], 'it had ended in between');
  });

  it('are not news where the cause has gone already', () => {
    assert.deepEqual(new AlertCrossings(memory()).take(folder, esp(alert({ value: 0, endsAt: minutesAgo(-1) }))), []);
  });

  it('are news where one ended and began while nobody listened', () => {
    const crossings = new AlertCrossings(memory());
    crossings.take(folder, esp(alert({ since: minutesAgo(60) })));
    assert.equal(crossings.take(folder, esp(alert({ since: minutesAgo(1) }))).length, 1);
  });

  it('are not told again after a reload of the window', () => {
    const kept = memory();
    new AlertCrossings(kept).take(folder, esp(alert()));
    assert.deepEqual(new AlertCrossings(kept).take(folder, esp(alert())), []);
  });

  it('are not news where one was missing for a moment and is there as it was', () => {
    const crossings = new AlertCrossings(memory());
    crossings.take(folder, esp(alert()));
    crossings.take(folder, esp());
    assert.deepEqual(crossings.take(folder, esp(alert())), []);
  });

  it('of one project end without those of another', () => {
    const crossings = new AlertCrossings(memory());
    crossings.take(folder, esp(alert()));
    assert.equal(crossings.take('file:///other', []).length, 0);
    assert.deepEqual(crossings.take(folder, esp(alert())), []);
  });

  it('of a muted queue are kept quiet, until it is heard again', async () => {
    const kept = memory();
    const crossings = new AlertCrossings(kept);
    await crossings.mute(folder, 'esp', true);
    assert.deepEqual(crossings.take(folder, esp(alert())), []);
    assert.equal(new AlertCrossings(kept).isMuted(folder, 'esp'), true);
    assert.equal(crossings.take(folder, [queue({ name: 'crm', alerts: [alert()] })]).length, 1, 'others are heard');
    await crossings.mute(folder, 'esp', false);
    assert.equal(crossings.take(folder, esp(alert({ kind: 'oldest' }))).length, 1);
  });
});

describe('the notification of crossed thresholds', () => {
  const crossing = (name: string, fields: Partial<QueueAlert> = {}): Crossing => ({ folder, queue: name, alert: alert(fields) });

  it('says what was crossed, and offers what helps', () => {
    const notice = alertNotice([crossing('esp')], now);
    assert.deepEqual([notice?.severity, notice?.message], ['warning', 'esp has 5,200 jobs waiting; the threshold is 5,000.']);
    assert.deepEqual(notice?.actions.map(({ title }) => title), ['Show Queue', 'Set Rate…', 'Mute Queue']);
    assert.deepEqual(notice.actions.map(({ target }) => target), [1, 2, 3].map(() => ({ folder, queue: 'esp' })));
    assert.equal(alertNotice([crossing('esp', { kind: 'failure-rate' })], now)?.actions[1]?.title, 'Pause Queue');
  });

  it('is one for several at a time', () => {
    const notice = alertNotice([crossing('esp'), crossing('erp', { severity: 'error' }), crossing('esp', { kind: 'oldest' })], now);
    assert.deepEqual([notice?.severity, notice?.message, notice?.actions.length], ['error', '2 queues need a look: esp, erp.', 1]);
    assert.equal(alertNotice([], now), undefined);
  });
});
