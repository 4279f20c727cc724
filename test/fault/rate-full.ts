/** Rates over a restart, 60 s each, one after the other: `node test/fault/rate-full.ts`. */
import { rateTest } from './rate-restart.ts';

let isOver = false;
for (const rate of [{ limit: 20, perMs: 1000 }, { limit: 600, perMs: 60_000 }]) {
  for (const restart of ['graceful', 'kill'] as const) {
    const { mostInAWindow, limit, closestMs, late, used, requests, gapMs } = await rateTest({ ...rate, seconds: 60, restart });
    console.log(`${limit} per ${rate.perMs} ms, ${restart}: at most ${mostInAWindow}, ${(used * 100).toFixed(1)} % used, ${requests} requests (closest ${closestMs.toFixed(1)} ms), ${late} late, ${gapMs.toFixed(0)} ms without any`);
    isOver ||= mostInAWindow > limit;
  }
}
process.exitCode = isOver ? 1 : 0;
