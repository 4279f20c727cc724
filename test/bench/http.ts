import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Agent, request } from 'undici';
import { Actions } from '../../daemon/actions/actions.ts';
import { systemClock } from '../../daemon/platform/system-clock.ts';
import { MemoryTokens } from '../support/memory-tokens.ts';
import { BenchEngine } from './bench-engine.ts';
import type { Bench, Figure } from './figure.ts';
import { median, timed } from './sample.ts';

const concurrencies = [10, 50, 100];
/** At once, as no server but one on the same machine does; and as a quick API does. In milliseconds. */
const answerTimes = [0, 10] as const;

interface Measured {
  readonly answerMs: number;
  readonly concurrency: number;
  readonly shares: number[];
  readonly rates: number[];
}

/** Sent by both before anything is measured: a daemon runs for days, and its first second says nothing of them. */
const warmUp = 2000;

/** HTTP jobs against a loop that only sends the same requests, by the same library, in the same process and the same minute. */
export const http: Bench = async ({ quick, progress }) => {
  const rounds = quick ? 1 : 3;
  const server = fork(path.join(import.meta.dirname, 'http-server-program.ts'), { execArgv: ['--disable-warning=ExperimentalWarning'] });
  try {
    const [port] = (await once(server, 'message')) as [number];
    const warm = `http://127.0.0.1:${port}/0/people`;
    await throughEngine(warm, warmUp, 50);
    await bareLoop(warm, warmUp, 50);
    const cases = answerTimes.flatMap((answerMs) => concurrencies.map((concurrency): Measured => ({ answerMs, concurrency, shares: [], rates: [] })));
    for (let round = 1; round <= rounds; round++) {
      for (const { answerMs, concurrency, shares, rates } of cases) {
        const url = `http://127.0.0.1:${port}/${answerMs}/people`;
        const jobs = (answerMs === 0 ? 20_000 : concurrency * 200) / (quick ? 10 : 1);
        const bareBefore = await bareLoop(url, jobs, concurrency);
        const engineMs = await throughEngine(url, jobs, concurrency);
        const bareMs = (bareBefore + (await bareLoop(url, jobs, concurrency))) / 2;
        shares.push((bareMs / engineMs) * 100);
        rates.push((jobs / engineMs) * 1000);
        progress(`round ${round} of ${rounds}, answers after ${answerMs} ms, concurrency ${concurrency}: ${perSecond(jobs, engineMs)} jobs, ${perSecond(jobs, bareMs)} bare requests`);
      }
    }
    return cases.flatMap(({ answerMs, concurrency, shares, rates }): Figure[] => [
      { what: `HTTP jobs, answers ${answerMs === 0 ? 'immediately' : `after ${answerMs} ms`}, concurrency ${concurrency}`, value: median(rates), unit: '/s' },
      { what: `… of a bare undici loop`, value: median(shares), unit: '%', target: { atLeast: 60 } },
    ]);
  } finally {
    server.disconnect();
  }
};

function perSecond(count: number, ms: number): string {
  return `${Math.round((count / ms) * 1000)}/s`;
}

async function throughEngine(url: string, jobs: number, concurrency: number): Promise<number> {
  const actions = new Actions({ version: 'bench', env: {}, clock: systemClock, tokens: { store: new MemoryTokens(), mask: () => {} }, prepareRun: async () => Promise.reject(new Error('no run is expected')) });
  try {
    return await BenchEngine.with({ durability: 'full', actions }, async (engine) => {
      const step = `    uses: http/request\n    with: { url: "${url}", query: { id: "\${{ string(item) }}" } }\n`;
      await engine.accept(jobs, step);
      return engine.run(concurrency);
    });
  } finally {
    await actions.stop();
  }
}

async function bareLoop(url: string, count: number, concurrency: number): Promise<number> {
  const dispatcher = new Agent({ connections: concurrency });
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const { body } = await request(`${url}?id=${next++}`, { dispatcher });
      await body.json();
    }
  };
  try {
    return await timed(() => Promise.all(Array.from({ length: concurrency }, work)));
  } finally {
    await dispatcher.close();
  }
}
