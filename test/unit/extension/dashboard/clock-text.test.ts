import assert from 'node:assert/strict';
import { ClockText } from '../../../../extension/dashboard/chart-text.ts';

const ms = Date.parse('2026-11-24T09:05:30Z');

describe('moments of the dashboard', () => {
  it('are as long as their range needs', () => {
    const texts = (['15min', '1h', '24h', '30d'] as const).map((range) => {
      const clock = new ClockText('en', range, 'UTC');
      return [clock.tick(ms), clock.moment(ms)];
    });
    assert.deepEqual(texts, [['09:05', '09:05:30'], ['09:05', '09:05:30'], ['09:05', 'Nov 24, 09:05'], ['Nov 24', 'Nov 24, 09:05']]);
  });

  it('are written as in the language of the window', () => {
    assert.equal(new ClockText('de', '30d', 'UTC').tick(ms), '24. Nov.');
  });
});
