import { killTest } from '../fault/kill-test.ts';
import type { Bench } from './figure.ts';

/** Webhooks while the daemon is killed again and again; see `test/fault/kill-test.ts`. */
export const kill: Bench = async ({ quick, progress }) => {
  const { kills, duplicates, broken, jobs, requests, interrupted, ms, seed } = await killTest(quick ? { jobs: 500, kills: 2 } : { jobs: 5000, kills: 20 });
  for (const one of broken) progress(`broken: ${one}`);
  progress(`seed ${seed}, ${(ms / 1000).toFixed(0)} s`);
  const inFlight = kills.reduce((sum, one) => sum + one.inFlight, 0);
  const over = kills.filter((one) => one.duplicates > one.inFlight).length;
  return [
    { what: 'kills (kill -9)', value: kills.length, unit: 'kills', target: { atLeast: quick ? 2 : 20 }, note: `${jobs} webhook jobs, ${requests} requests` },
    { what: 'promises broken: lost, doubled without need, stuck', value: broken.length, unit: 'jobs', target: { atMost: 0 } },
    { what: 'duplicates', value: duplicates, unit: 'requests', target: { atMost: inFlight }, note: `at most what was in flight: ${inFlight} attempts, ${interrupted} closed as interrupted` },
    { what: 'kills with more duplicates than in flight', value: over, unit: 'kills', target: { atMost: 0 } },
  ];
};
