import { setTimeout as delay } from 'node:timers/promises';
import { bullmq } from './bullmq.ts';
import type { Contender, ContenderNotice, ContenderOptions, ContenderQuestion, MakeContender } from './contender.ts';
import { graphileWorker } from './graphile-worker.ts';
import { pgBoss } from './pg-boss.ts';
import { sluice } from './sluice.ts';

/** A contender in a process of its own: its options are the argument, as JSON. It is ended by a kill, as nothing of it has to last. */
const makers: Readonly<Record<ContenderOptions['kind'], MakeContender>> = { sluice, 'graphile-worker': graphileWorker, 'pg-boss': pgBoss, bullmq };
const tellEveryMs = 5;
const pauseMs = 5;

const jobs = { count: 0, firstAt: 0, lastAt: 0 };
let told = 0;
let processor = process.cpuUsage();
let onStart: (() => void) | undefined;

function onJob(): void {
  const now = performance.timeOrigin + performance.now();
  if (jobs.count === 0) {
    jobs.firstAt = now;
    processor = process.cpuUsage();
  }
  jobs.count++;
  jobs.lastAt = now;
  onStart?.();
}

const options = JSON.parse(process.argv[2] ?? '') as ContenderOptions;
const contender = await makers[options.kind](options, onJob);
setInterval(() => {
  if (jobs.count === told) return;
  told = jobs.count;
  const { user, system } = process.cpuUsage(processor);
  tell({ told: 'jobs', ...jobs, processorUs: user + system, peakMb: process.resourceUsage().maxRSS / 1024 });
}, tellEveryMs);
process.on('disconnect', () => process.exit());
process.on('message', (question: ContenderQuestion) => {
  answer(contender, question).then(tell, (error: unknown) => tell({ told: 'failed', problem: String(error) }));
});
tell({ told: 'ready' });

async function answer(asked: Contender, question: ContenderQuestion): Promise<ContenderNotice> {
  switch (question.ask) {
    case 'pause':
      await asked.pause();
      return { told: 'paused' };
    case 'accept': {
      const startedAtMs = performance.now();
      await asked.accept(question.jobs);
      return { told: 'accepted', ms: performance.now() - startedAtMs };
    }
    case 'begin':
      jobs.count = told = 0;
      await asked.begin(question.concurrency);
      return { told: 'begun' };
    case 'starts':
      await asked.begin(10);
      return { told: 'starts', ms: await starts(asked, question.count) };
  }
}

/** One job at a time, on a queue that is idle. */
async function starts(asked: Contender, count: number): Promise<readonly number[]> {
  const samples: number[] = [];
  // As many before as are measured: the first ones compile what the others use.
  for (let index = -count; index < count; index++) {
    const { promise, resolve } = Promise.withResolvers<number>();
    onStart = () => resolve(performance.now());
    const askedAtMs = performance.now();
    await asked.addOne();
    const startedAtMs = await promise;
    if (index >= 0) samples.push(startedAtMs - askedAtMs);
    await delay(pauseMs);
  }
  onStart = undefined;
  return samples;
}

function tell(notice: ContenderNotice): void {
  process.send?.(notice);
}
