import assert from 'node:assert/strict';
import { formatAge, formatBytes, formatCount, formatNumber, formatRate, formatTime, oneLine, printable } from '../../../../../daemon/cli/render/format.ts';
import { minutesAgo, now } from '../protocol-samples.ts';

describe('format', () => {
  it('writes numbers with thousands separators', () => {
    assert.equal(formatNumber(1_234_567), '1,234,567');
    assert.deepEqual([formatCount(1, 'job'), formatCount(2_000, 'job')], ['1 job', '2,000 jobs']);
  });

  it('writes ages, and times to come', () => {
    assert.deepEqual([formatAge(minutesAgo(3), { now }), formatAge(minutesAgo(0), { now }), formatAge(minutesAgo(-125), { now })], ['3m ago', '0s ago', 'in 2h']);
  });

  it("writes times in the reader's zone, and in the system's where the zone has no name that is known", () => {
    assert.equal(formatTime('2026-11-24T23:30:00.000Z', { timeZone: 'Europe/Berlin' }), '2026-11-25 00:30:00');
    assert.match(formatTime('2026-11-24T23:30:00.000Z', { timeZone: ':/etc/localtime' }), /^2026-11-2\d \d\d:\d\d:00$/);
    assert.equal(formatTime('soon', { timeZone: 'UTC' }), 'soon');
  });

  it('writes rates and sizes', () => {
    assert.deepEqual([formatRate({ limit: 1000, perMs: 60_000 }), formatRate({ limit: 5, perMs: 90_000 })], ['1,000/min', '5 per 1m 30s']);
    assert.deepEqual([812, 3_565_158].map(formatBytes), ['812 bytes', '3.4 MiB']);
  });

  it('lets no escape sequence of a payload through to the terminal', () => {
    assert.equal(oneLine('a\u001b]0;owned\u0007b\nc\td'), 'a\ufffd]0;owned\ufffdb c d');
    assert.equal(printable('a\r\nb\u009b31m\u202e'), 'a\nb\ufffd31m\ufffd');
  });
});
