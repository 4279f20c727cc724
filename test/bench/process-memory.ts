import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const sampleEveryMs = 50;

/** Resident memory of a process with all its threads, in MB. Linux only: elsewhere nobody but the process itself can tell. */
export function residentMb(pid: number): number {
  if (process.platform !== 'linux') throw new Error('memory is measured on Linux only');
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** The most that it has while `work` continues. */
export async function peakMb<Value>(pid: number, work: () => Promise<Value>): Promise<{ readonly value: Value; readonly mb: number }> {
  let mb = 0;
  const sampling = new AbortController();
  const sampled = (async () => {
    while (!sampling.signal.aborted) {
      mb = Math.max(mb, residentMb(pid));
      await delay(sampleEveryMs);
    }
  })();
  try {
    return { value: await work(), mb };
  } finally {
    sampling.abort();
    await sampled;
  }
}
