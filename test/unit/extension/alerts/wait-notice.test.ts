import assert from 'node:assert/strict';
import { ToldWaits, waitNotice } from '../../../../extension/alerts/wait-notice.ts';
import { commands } from '../../../../extension/base/ids.ts';
import type { SignalWait } from '../../../../schemas/protocol/signal.ts';

const folder = 'file:///shop';
const wait = (job: string, more: Partial<SignalWait> = {}): SignalWait => ({ run: 'r1', workflow: 'ship', job, step: 'approve', signal: 'approve', since: '2026-01-05T09:00:00.000Z', ...more });

describe('a notification of what waits for an answer', () => {
  it('is of each wait once, over reloads, and again if the job waits again', () => {
    const kept = new Map<string, unknown>();
    const memory = { get: <T>(key: string): T | undefined => kept.get(key) as T | undefined, update: async (key: string, value: unknown): Promise<void> => void kept.set(key, value) };
    const jobs = (waits: readonly SignalWait[], of = folder): readonly string[] => new ToldWaits(memory).take(of, waits).map(({ job }) => job);
    assert.deepEqual(jobs([wait('j1'), wait('j2')]), ['j1', 'j2']);
    assert.deepEqual(jobs([wait('j1'), wait('j3')]), ['j3']);
    assert.deepEqual(jobs([wait('j1')], 'file:///other'), ['j1'], 'another project has jobs of its own');
    assert.deepEqual(jobs([wait('j3', { since: '2026-01-05T10:00:00.000Z' })]), ['j3']);
    assert.deepEqual(jobs([]), []);
    assert.deepEqual(kept.get('waits.told'), { [folder]: [], 'file:///other': ['j1 2026-01-05T09:00:00.000Z'] }, 'what waits no longer is forgotten');
  });

  it('says what is asked, and leads to the answer and to the run', () => {
    assert.equal(waitNotice([]), undefined);
    assert.deepEqual(waitNotice([{ folder, wait: wait('j1', { question: 'Ship\nit?' }) }]), {
      message: 'ship (r1) asks: Ship it?',
      actions: [
        { title: 'Answer…', command: commands.answerSignal, target: { folder, run: 'r1', job: 'j1' } },
        { title: 'Open Run', command: commands.openRun, target: { folder, run: 'r1' } },
      ],
    });
    assert.equal(waitNotice([{ folder, wait: wait('j1') }])?.message, "ship (r1) waits for an answer to 'approve'.");
  });

  it('is one for all that begin to wait at about the same time, with their number', () => {
    const many = ['r1', 'r1', 'r1', 'r1', 'r2'].map((run, index) => ({ folder, wait: wait(`j${index}`, { run, signal: `approve-${index}` }) }));
    const notice = waitNotice(many);
    assert.equal(notice?.message, '5 steps wait for an answer: approve-0 (r1), approve-1 (r1), approve-2 (r1) …');
    assert.deepEqual(notice.actions, [{ title: 'Answer…', command: commands.answerSignal, target: { folder } }]);
    assert.deepEqual(waitNotice(many.slice(0, 4))?.actions.map(({ target }) => target), [{ folder, run: 'r1' }, { folder, run: 'r1' }]);
  });
});
