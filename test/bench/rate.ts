import { rateTest } from '../fault/rate-restart.ts';
import { withBuiltDaemon } from './built-daemon.ts';
import type { Bench, Figure } from './figure.ts';

const rates = [
  { name: '600/min', limit: 600, perMs: 60_000 },
  { name: '20/s', limit: 20, perMs: 1000 },
] as const;

/** A minute of steady work with a restart in its middle, as the receiver sees it; see `test/fault/rate-restart.ts`. Both at once. */
export const rate: Bench = async ({ quick, progress }) => {
  const seconds = quick ? 10 : 60;
  return withBuiltDaemon(async ({ daemon }) => {
    progress(`${rates.map(({ name }) => name).join(' and ')}, for ${seconds} s`);
    const measured = await Promise.all(
      rates.map(async ({ name, limit, perMs }) => ({ name, ...(await rateTest({ limit, perMs, seconds, restart: 'graceful', program: daemon })) })),
    );
    return measured.flatMap(({ name, limit, mostInAWindow, late, requests, used, gapMs }): Figure[] => [
      {
        what: `${name}: most in any window, seen by the receiver`,
        value: mostInAWindow,
        unit: 'requests',
        target: { atMost: limit },
        note: `of ${requests}; late by the machine's fault: ${late}`,
      },
      { what: `${name}: share used`, value: used * 100, unit: '%', target: { atLeast: 98 }, note: `the restart took ${Math.round(gapMs)} ms` },
    ]);
  });
};
