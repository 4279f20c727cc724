import { setTimeout as delay } from 'node:timers/promises';
import { BenchDaemon } from './bench-daemon.ts';
import { withProject } from './bench-folder.ts';
import { withBuiltDaemon } from './built-daemon.ts';
import type { Bench } from './figure.ts';
import { importProject, writeItems } from './many-jobs.ts';
import { median, percentile, timed } from './sample.ts';

const callEveryMs = 20;

/** What a client of the daemon feels while 50,000 jobs are accepted and run. */
export const loop: Bench = async ({ quick, progress }) => {
  const jobs = quick ? 10_000 : 50_000;
  return withBuiltDaemon(({ bench: program }) => withProject(importProject('full'), async (folder) => {
    await writeItems(folder, jobs);
    return BenchDaemon.with(program, folder, async ({ client, ask }) => {
      await client.call('daemon/status', {});
      const idle = await callFor(1000, () => client.call('daemon/status', {}));
      await ask({ kind: 'watch-loop' });
      const { id } = await client.call('run/start', { workflow: 'import' });
      const trips: number[] = [];
      const ms = await timed(async () => {
        for (let running = true; running; ) {
          trips.push(await timed(async () => client.call('daemon/status', {})));
          await delay(callEveryMs);
          // Another kind of call: it reads the store.
          running = (await client.call('run/get', { id })).state === 'running';
        }
      });
      const { p99Ms = Number.NaN, maxMs = Number.NaN } = await ask({ kind: 'loop' });
      progress(`${jobs} jobs accepted and run in ${(ms / 1000).toFixed(1)} s; ${trips.length} calls meanwhile`);
      return [
        { what: 'event loop delay of the daemon, p99', value: p99Ms, unit: 'ms' },
        { what: 'event loop delay of the daemon, longest', value: maxMs, unit: 'ms' },
        { what: 'call round trip under load, p50', value: median(trips), unit: 'ms', note: `idle: ${median(idle).toFixed(1)} ms` },
        { what: 'call round trip under load, p99', value: percentile(trips, 0.99), unit: 'ms' },
      ];
    });
  }));
};

async function callFor(limitMs: number, call: () => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  const endAtMs = performance.now() + limitMs;
  while (performance.now() < endAtMs) {
    samples.push(await timed(call));
    await delay(callEveryMs);
  }
  return samples;
}
