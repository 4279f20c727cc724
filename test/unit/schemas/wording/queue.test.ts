import assert from 'node:assert/strict';
import { english } from '../../../../schemas/wording/language.ts';
import { holdMessage, lackingMessages, setByHandMessage } from '../../../../schemas/wording/queue.ts';

describe('the wording of a queue', () => {
  it('says who holds it back, and why', () => {
    const told = (heldBy: Parameters<typeof holdMessage>[0]): string => english.textOf(holdMessage(heldBy, (cause) => cause.toUpperCase()));
    const heldBy = { job: 'j7', cause: '429 Too Many', at: '2026-11-28T12:00:00.000Z' };
    assert.deepEqual(
      [told(undefined), told(heldBy), told({ ...heldBy, retryAfterMs: 7_200_000 }), told({ ...heldBy, machine: true }), told({ ...heldBy, project: true })],
      [
        'A receiver asked for a pause.',
        'j7 was answered 429 TOO MANY.',
        'j7 was answered 429 TOO MANY and asked to wait 2h.',
        'This machine has no network (429 TOO MANY, met by j7).',
        '429 TOO MANY (met by j7).',
      ],
    );
  });

  it('says what jobs wait for that this daemon has not', () => {
    const told = (lack: Parameters<typeof lackingMessages>[1]['lack']): string => english.paragraphOf(lackingMessages('mail', { step: 'send', job: 'j7', lack }));
    assert.deepEqual(
      [told({ kind: 'secret', name: 'KEY' }), told({ kind: 'secret', name: 'KEY', problem: 'The file can be read by others.' }), told({ kind: 'connection', name: 'esp' }), told({ kind: 'action', name: 'sql/query' })],
      [
        "Jobs of the step send wait in mail, since this daemon can't start them. It has no secret KEY: `sluice secrets set KEY` sets it.",
        "Jobs of the step send wait in mail, since this daemon can't start them. It has no secret KEY: The file can be read by others.",
        "Jobs of the step send wait in mail, since this daemon can't start them. Its files declare no connection esp, which those of another machine do.",
        "Jobs of the step send wait in mail, since this daemon can't start them. Its version of Sluice has no action sql/query.",
      ],
    );
  });

  it('says which limits were set by hand, none being a limit as well', () => {
    const told = (overrides: Omit<Parameters<typeof setByHandMessage>[0], 'paused'>): string | undefined => {
      const limits = setByHandMessage({ paused: true, ...overrides });
      return limits && english.textOf(limits);
    };
    const rate = { limit: 1000, perMs: 60_000, burst: 100 };
    assert.deepEqual(
      [told({}), told({ rate }), told({ concurrency: 5 }), told({ rate, concurrency: 5 }), told({ rate: 'none' }), told({ rate: 'none', concurrency: 5 })],
      [undefined, 'rate 1,000/min', 'concurrency 5', 'rate 1,000/min and concurrency 5', 'no rate limit', 'no rate limit and concurrency 5'],
    );
  });
});
