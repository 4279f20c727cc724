import assert from 'node:assert/strict';
import { ageMessage, coarseAgeMessage, coarseDueMessage, formatDuration, formatShare, formatShortDuration, formatSpan, formatStamp, rateMessage } from '../../../../schemas/wording/amount.ts';
import { english } from '../../../../schemas/wording/language.ts';

const nowMs = Date.parse('2026-11-28T12:00:00.000Z');

function isoOf(agoMs: number): string {
  return new Date(nowMs - agoMs).toISOString();
}

describe('the wording of amounts', () => {
  it('writes durations in two units at most, rounded', () => {
    const expected: Record<string, number> = { '0s': 0, '850ms': 850, '1s': 1000, '1.2s': 1234, '1m': 59_990, '3m 20s': 200_000, '2h 5m': 7_500_000, '3d 4h': 273_600_000 };
    for (const [text, ms] of Object.entries(expected)) assert.equal(formatDuration(ms), text);
  });

  it('writes one unit in narrow places, rounded down, and no second of what is not drawn again', () => {
    assert.deepEqual([-1, 59_999, 60_000, 7_200_000, 172_800_000].map(formatShortDuration), ['0s', '59s', '1m', '2h', '2d']);
    assert.deepEqual([0, 59_999, 60_000].map(formatSpan), ['<1m', '<1m', '1m']);
  });

  it('writes shares, and 0% only for none', () => {
    assert.deepEqual([0, 0.004, 0.05, 0.333, 1].map(formatShare), ['0%', '0.4%', '5.0%', '33%', '100%']);
  });

  it('writes rates as a file does, with the separators of the language', () => {
    const rates = [{ limit: 1000, perMs: 60_000 }, { limit: 5, perMs: 1000 }, { limit: 2, perMs: 86_400_000 }, { limit: 5, perMs: 90_000 }];
    assert.deepEqual(rates.map((rate) => english.textOf(rateMessage(rate))), ['1,000/min', '5/s', '2/d', '5 per 1m 30s']);
  });

  it('writes ages with seconds for what is read once, without for what stays', () => {
    const ages = [180_000, 40_000, 0, -500, -40_000, -7_500_000].map(isoOf);
    assert.deepEqual(ages.map((time) => english.textOf(ageMessage(time, nowMs))), ['3m ago', '40s ago', '0s ago', 'in 0s', 'in 40s', 'in 2h']);
    assert.deepEqual(ages.map((time) => english.textOf(coarseAgeMessage(time, nowMs))), ['3m ago', 'just now', 'just now', 'just now', 'just now', 'in 2h']);
    assert.deepEqual(ages.map((time) => english.textOf(coarseDueMessage(time, nowMs))), ['3m ago', 'just now', 'just now', 'within a minute', 'within a minute', 'in 2h']);
  });

  it("writes times in the reader's zone, and in the system's if the zone has no name that is known", () => {
    assert.equal(formatStamp('2026-11-24T23:30:00.000Z', 'Europe/Berlin'), '2026-11-25 00:30:00');
    assert.match(formatStamp('2026-11-24T23:30:00.000Z', ':/etc/localtime'), /^2026-11-2\d \d\d:\d\d:00$/);
    assert.equal(formatStamp('soon', 'UTC'), 'soon');
  });
});
