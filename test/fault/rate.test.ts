import assert from 'node:assert/strict';
import { rateTest, type RateTestOptions } from './rate-restart.ts';

describe('a rate, over a restart and by the real clock', () => {
  for (const [of, restart] of [['queue', 'kill'], ['queue', 'graceful'], ['connection', 'kill'], ['connection', 'graceful']] as const satisfies readonly (readonly [RateTestOptions['of'], RateTestOptions['restart']])[]) {
    it(`holds in every window: that of a ${of} (${restart})`, async () => {
      const { mostInAWindow, limit, late, requests, used, gapMs } = await rateTest({ limit: 20, perMs: 1000, seconds: 4, restart, of });
      console.log(`        ${requests} requests, at most ${mostInAWindow} in a window of ${limit}, ${late} late, ${(used * 100).toFixed(1)} % used, ${gapMs.toFixed(0)} ms without any`);
      assert.ok(mostInAWindow <= limit + late, `${mostInAWindow} requests in one window`);
      assert.ok(requests > limit, `only ${requests} requests`);
    });
  }
});
