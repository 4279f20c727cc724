import { BenchDaemon } from './bench-daemon.ts';
import { withProject } from './bench-folder.ts';
import { withBuiltDaemon } from './built-daemon.ts';
import type { Bench, BenchOptions, Figure } from './figure.ts';
import { importProject, untilPending, writeItems } from './many-jobs.ts';
import { peakMb, residentMb } from './process-memory.ts';
import { median, timed } from './sample.ts';

const few = 10_000;
const rounds = 5;
const jobsOfRound = 1500;
const starts = 3;

/**
 * A million jobs that wait. Durability is `normal`, so that rates compare the work and not the disk's mood; memory and start-up
 * don't depend on it.
 */
export const size: Bench = async (options) => {
  const many = options.quick ? 100_000 : 1_000_000;
  return withBuiltDaemon(({ bench: program }) =>
    withProject(importProject('normal'), (manyFolder) =>
      withProject(importProject('normal'), async (fewFolder) => {
        const accepted = await fill(program, manyFolder, many, options);
        await fill(program, fewFolder, few, options);
        const started = await startUp(program, manyFolder, options);
        const claimed = await compareClaims(program, manyFolder, fewFolder, options);
        return [...accepted, ...started, ...claimed];
      }),
    ),
  );
};

async function fill(program: string, folder: string, count: number, { progress }: BenchOptions): Promise<readonly Figure[]> {
  await writeItems(folder, count);
  return BenchDaemon.with(program, folder, async ({ client, pid }) => {
    await client.call('queue/pause', { queue: 'many' });
    const { value: ms, mb } = await peakMb(pid, () =>
      timed(async () => {
        await client.call('run/start', { workflow: 'import' });
        await untilPending(client, 'many', count);
      }),
    );
    const rows = count.toLocaleString('en-US');
    progress(`${rows} rows of a CSV file became jobs in ${(ms / 1000).toFixed(1)} s, in ${mb.toFixed(0)} MB at most`);
    return [
      { what: `memory while ${rows} CSV rows become jobs, peak`, value: mb, unit: 'MB', target: { atMost: 250 } },
      { what: '… jobs made', value: (count / ms) * 1000, unit: '/s' },
    ];
  });
}

/** From the start of the process to its first answer. */
async function startUp(program: string, folder: string, { progress }: BenchOptions): Promise<readonly Figure[]> {
  const samples: number[] = [];
  let mb = 0;
  for (let start = 1; start <= starts; start++) {
    await BenchDaemon.with(program, folder, async ({ client, pid, startMs }) => {
      const answerMs = await timed(() => client.call('queue/list', {}));
      samples.push(startMs + answerMs);
      mb = Math.max(mb, residentMb(pid));
    });
  }
  progress(`started in ${samples.map((sample) => sample.toFixed(0)).join(', ')} ms, with ${mb.toFixed(0)} MB`);
  return [
    { what: 'start-up with all of them pending', value: median(samples), unit: 'ms', target: { atMost: 2000 }, note: 'to the first answer' },
    { what: 'memory after that', value: mb, unit: 'MB', target: { atMost: 250 } },
  ];
}

/** Both at once, each paused while the other one works. */
async function compareClaims(program: string, manyFolder: string, fewFolder: string, { progress }: BenchOptions): Promise<readonly Figure[]> {
  return BenchDaemon.with(program, manyFolder, async (many) =>
    BenchDaemon.with(program, fewFolder, async (small) => {
      const shares: number[] = [];
      const rates: number[] = [];
      const { mb } = await peakMb(many.pid, async () => {
        for (let round = 1; round <= rounds; round++) {
          const before = await runSome(small);
          const manyMs = await runSome(many);
          shares.push((before / manyMs) * 100);
          rates.push((jobsOfRound / manyMs) * 1000);
        }
      });
      progress(`claiming at ${shares.map((share) => share.toFixed(0)).join(', ')} % of the rate with ${few} pending; ${mb.toFixed(0)} MB at most`);
      return [
        { what: 'memory while they are claimed and run, peak', value: mb, unit: 'MB', target: { atMost: 250 } },
        { what: 'jobs claimed and run, normal', value: median(rates), unit: '/s' },
        { what: `… of the rate with ${few.toLocaleString('en-US')} pending`, value: median(shares), unit: '%', target: { atLeast: 80 } },
      ];
    }),
  );
}

async function runSome({ client, ask }: BenchDaemon): Promise<number> {
  const counted = ask({ kind: 'count', jobs: jobsOfRound });
  await client.call('queue/resume', { queue: 'many' });
  const { ms = Number.NaN } = await counted;
  await client.call('queue/pause', { queue: 'many' });
  return ms;
}
