import { setTimeout as delay } from 'node:timers/promises';
import { BenchEngine } from './bench-engine.ts';
import { commitsPerSecond } from './commit-ruler.ts';
import type { Bench, Figure } from './figure.ts';
import { NoOpAction } from './no-op-action.ts';
import { median, percentile } from './sample.ts';

const step = '    uses: webhook/send\n    with: { url: "http://127.0.0.1/", body: { n: "${{ item }}" } }\n';
const single = '    uses: webhook/send\n    with: { url: "http://127.0.0.1/", body: { n: 1 } }\n';
const pauseMs = 3;
const warmUps = 150;

/** Jobs of a round, by concurrency: enough for a second or so. */
const fullRound: Readonly<Record<number, number>> = { 1: 15_000, 10: 30_000, 100: 50_000 };
const quickRound: Readonly<Record<number, number>> = { 1: 5000, 10: 10_000, 100: 50_000 };
/** Jobs before those of a round: what is measured is the work, and not how long V8 takes to compile it, which is most of it for the first thousands. */
const warmUpJobs = 10_000;
const goals: Readonly<Record<number, number>> = { 10: 5000, 100: 20_000 };

/** Jobs that do nothing, through the whole path: claim, attempt on disk, outcome, run accounting. */
export const speed: Bench = async ({ quick, progress }) => {
  const jobsOf = quick ? quickRound : fullRound;
  const rounds = quick ? 1 : 5;
  const rates = new Map<number, number[]>();
  const rulers: number[] = [];
  const perRuler: number[] = [];
  const accepts: number[] = [];
  const acceptCosts: number[] = [];
  const costs = new Map<number, number[]>();
  const starts = { full: [] as number[], normal: [] as number[] };

  for (let round = 1; round <= rounds; round++) {
    for (const concurrency of [1, 10, 100]) {
      const jobs = jobsOf[concurrency] ?? 0;
      const ruler = await commitsPerSecond();
      const { accepted, ran } = await runOnce(jobs, concurrency);
      const rate = (jobs / ran.ms) * 1000;
      rulers.push(ruler);
      rates.set(concurrency, [...(rates.get(concurrency) ?? []), rate]);
      costs.set(concurrency, [...(costs.get(concurrency) ?? []), ran.processorUs / jobs]);
      if (concurrency === 100) {
        accepts.push(accepted.ms);
        acceptCosts.push(accepted.processorUs / jobs);
        perRuler.push(rate / (ruler * 100));
      }
      progress(`round ${round} of ${rounds}: ${Math.round(rate)} jobs/s at ${concurrency}, ${(ran.processorUs / jobs).toFixed(1)} µs of the processor each; the ruler: ${Math.round(ruler)} commits/s`);
    }
    for (const durability of ['full', 'normal'] as const) starts[durability].push(...(await addToStart(durability, 100)));
  }

  return [
    { what: 'ruler: bare SQLite commits of 100 rows', value: median(rulers), unit: '/s' },
    ...[...rates].flatMap(([concurrency, samples]): Figure[] => [
      {
        what: `no-op jobs, concurrency ${concurrency}`,
        value: median(samples),
        unit: '/s',
        ...(goals[concurrency] === undefined ? {} : { target: { atLeast: goals[concurrency] } }),
        note: `${Math.round(Math.min(...samples))} to ${Math.round(Math.max(...samples))}`,
      },
      processorFigure(costs.get(concurrency) ?? []),
    ]),
    { what: 'jobs at 100 per row of the ruler', value: median(perRuler) * 100, unit: '%', note: 'each job is four writes' },
    { what: 'accept 50,000 jobs', value: median(accepts), unit: 'ms', target: { atMost: 1000 }, note: 'until all are in the store' },
    processorFigure(acceptCosts),
    { what: 'add to start, full, p50', value: median(starts.full), unit: 'ms', target: { atMost: 2 } },
    { what: 'add to start, full, p99', value: percentile(starts.full, 0.99), unit: 'ms' },
    { what: 'add to start, normal, p50', value: median(starts.normal), unit: 'ms', target: { atMost: 0.5 } },
    { what: 'add to start, normal, p99', value: percentile(starts.normal, 0.99), unit: 'ms' },
  ];
};

function processorFigure(samples: readonly number[]): Figure {
  return { what: '… of the processor for each', value: median(samples), unit: 'µs', note: 'all threads of the process' };
}

async function runOnce(jobs: number, concurrency: number): Promise<{ readonly accepted: Spent; readonly ran: Spent }> {
  const action = new NoOpAction();
  return BenchEngine.with({ durability: 'full', actions: { get: () => action } }, async (engine) => {
    await engine.accept(warmUpJobs, step);
    await engine.run(concurrency);
    return { accepted: await spent(() => engine.accept(jobs, step)), ran: await spent(() => engine.run(concurrency)) };
  });
}

interface Spent {
  readonly ms: number;
  /** Processor time of all threads of this process: it says what something costs on a machine that others use as well. In microseconds. */
  readonly processorUs: number;
}

async function spent(work: () => Promise<number>): Promise<Spent> {
  const before = process.cpuUsage();
  const ms = await work();
  const { user, system } = process.cpuUsage(before);
  return { ms, processorUs: user + system };
}

/** From asking for a run to the start of its only job, in milliseconds, on a queue that is idle. */
async function addToStart(durability: 'full' | 'normal', count: number): Promise<number[]> {
  const action = new NoOpAction();
  return BenchEngine.with({ durability, actions: { get: () => action } }, async (engine) => {
    const samples: number[] = [];
    // The first ones compile what the others use, in three threads.
    for (let index = -warmUps; index < count; index++) {
      const { promise, resolve } = Promise.withResolvers<number>();
      action.onStart = () => resolve(performance.now());
      const startedAtMs = performance.now();
      await engine.startOne(single);
      const begunAtMs = await promise;
      if (index >= 0) samples.push(begunAtMs - startedAtMs);
      await delay(pauseMs);
    }
    return samples;
  });
}
