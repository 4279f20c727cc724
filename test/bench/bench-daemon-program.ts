import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Daemon } from '../../daemon/daemon.ts';
import type { BenchAnswer, BenchQuestion } from './bench-daemon.ts';
import { NoOpAction } from './no-op-action.ts';

/** `--project DIR`: a daemon in a process of its own whose `webhook/send` does nothing, and that answers questions about itself. */
const action = new NoOpAction();
const delays = monitorEventLoopDelay({ resolution: 1 });
/** Since when what the process has spent is counted. */
let spent = process.cpuUsage();
const daemon = new Daemon({ projectFolder: process.argv[3] ?? '', env: process.env, extraActions: [action] });

process.on('message', (question: BenchQuestion) => {
  switch (question.kind) {
    case 'count':
      count(question.jobs);
      break;
    case 'watch-loop':
      delays.reset();
      delays.enable();
      spent = process.cpuUsage();
      answer({});
      break;
    case 'loop':
      delays.disable();
      answer({ p99Ms: delays.percentile(99) / 1e6, maxMs: delays.max / 1e6, processorUs: processorSince(spent) });
      break;
    case 'stop':
      void daemon.stop();
  }
});

const { port } = await daemon.start();
answer({ port });
await daemon.stopped;
if (process.connected) process.disconnect();

/** Answers when so many jobs have been started from the next one on. */
function count(jobs: number): void {
  let left = jobs;
  let startedAtMs: number | undefined;
  action.onStart = () => {
    startedAtMs ??= performance.now();
    left--;
    if (left > 0) return;
    action.onStart = undefined;
    answer({ ms: performance.now() - startedAtMs });
  };
}

/** Of all threads, in microseconds. */
function processorSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function answer(values: BenchAnswer): void {
  process.send?.(values);
}
