import { constants } from 'node:os';
import { systemClock } from '../../daemon/platform/system-clock.ts';
import { makeSandbox } from '../../daemon/actions/sandbox/sandbox.ts';
import { BenchEngine } from './bench-engine.ts';
import type { Bench } from './figure.ts';
import { NoOpAction } from './no-op-action.ts';
import { median } from './sample.ts';

const step = '    uses: webhook/send\n    with: { url: "http://127.0.0.1/", body: { n: "${{ item }}" } }\n';
const endless = 'export default () => { for (;;); }';
const concurrency = 10;
const scripts = 2;
const { PRIORITY_NORMAL, PRIORITY_BELOW_NORMAL } = constants.priority;

/** What is left to other jobs beside as many endless scripts as run at the same time: alone, with the scripts at the daemon's own priority, and at theirs. */
export const besideScripts: Bench = async ({ quick, progress }) => {
  const ways = new Map<string, { readonly priority: number | undefined; readonly rates: number[] }>([
    ['alone', { priority: undefined, rates: [] }],
    ["beside two endless scripts of the daemon's priority", { priority: PRIORITY_NORMAL, rates: [] }],
    ['beside two endless scripts', { priority: PRIORITY_BELOW_NORMAL, rates: [] }],
  ]);
  for (let round = 1; round <= (quick ? 1 : 5); round++) {
    for (const [what, { priority, rates }] of ways) {
      rates.push(await rateBeside(priority, quick ? 5000 : 20_000));
      progress(`round ${round}: ${Math.round(rates.at(-1) ?? 0)} jobs/s ${what}`);
    }
  }
  return [...ways].map(([what, { rates }]) => ({ what: `no-op jobs, concurrency ${concurrency}, ${what}`, value: median(rates), unit: '/s', note: `${Math.round(Math.min(...rates))} to ${Math.round(Math.max(...rates))}` }));
};

async function rateBeside(priority: number | undefined, jobs: number): Promise<number> {
  const action = new NoOpAction();
  return BenchEngine.with({ durability: 'full', actions: { get: () => action } }, async (engine) => {
    await engine.accept(5000, step);
    await engine.run(concurrency);
    await engine.accept(jobs, step);
    const sandbox = makeSandbox(systemClock, priority);
    const { signal } = new AbortController();
    const running = priority === undefined ? [] : Array.from({ length: scripts }, () => sandbox.run({ language: 'script', code: endless, nowMs: 0, seed: 1, limitMs: 60_000 }, '{}', signal));
    const ms = await engine.run(concurrency);
    sandbox.stop();
    await Promise.all(running);
    return (jobs / ms) * 1000;
  });
}
