import { DaemonProcess } from '../support/daemon-process.ts';
import { EngineBench } from '../support/engine-bench.ts';
import { HttpSink, type SinkReply } from '../support/http-sink.ts';
import { withProject } from './bench-folder.ts';
import type { Bench, Figure } from './figure.ts';

const minuteMs = 60_000;
const listed = [minuteMs, 5 * minuteMs, 30 * minuteMs, 120 * minuteMs];

/** Whether retries come when they should: the list under a clock that is moved by hand, `Retry-After` through a real server. */
export const retry: Bench = async ({ progress }) => [...(await listUnderFakeClock()), ...(await retryAfter(progress))];

async function listUnderFakeClock(): Promise<readonly Figure[]> {
  const bench = new EngineBench();
  try {
    await bench.start();
    await bench.run('steps:\n  call: { uses: test/scripted, with: { do: "503" }, retry: { delays: [1m, 5m, 30m, 2h] } }\n');
    for (let minute = 0; minute < 160; minute++) await bench.advance(minuteMs);
    const starts = bench.action.seen.map(({ at }) => at);
    const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
    const off = listed.map((delayMs, index) => Math.abs((gaps[index] ?? Number.POSITIVE_INFINITY) - delayMs));
    return [
      { what: 'attempts of [1m, 5m, 30m, 2h]', value: starts.length, unit: 'attempts', target: { atLeast: 5 }, note: 'then a dead letter' },
      { what: '… furthest from the list, fake clock', value: Math.max(...off), unit: 'ms', target: { atMost: 0 } },
    ];
  } finally {
    await bench.dispose();
  }
}

async function retryAfter(progress: (line: string) => void): Promise<readonly Figure[]> {
  /** By path: what the header asked for, as wall time. */
  const asked = new Map<string, number>();
  const sink = new HttpSink({
    respond: ({ path, at }): SinkReply => {
      if (asked.has(path)) return {};
      if (path === '/seconds') {
        asked.set(path, at + 2000);
        return { status: 503, headers: { 'retry-after': '2' } };
      }
      // A date has whole seconds.
      const date = Math.ceil((at + 2000) / 1000) * 1000;
      asked.set(path, date);
      return { status: 429, headers: { 'retry-after': new Date(date).toUTCString() } };
    },
  });
  const { url } = await sink.start();
  const step = (name: string): string => `  ${name}:\n    queue: ${name}\n    uses: http/request\n    with: { url: ${url}/${name} }\n    retry: { delays: [100ms] }\n`;
  const files = {
    'queues.yaml': 'queues: { seconds: {}, date: {} }\n',
    'workflows/call.yaml': `steps:\n${step('seconds')}${step('date')}`,
  };
  try {
    return await withProject(files, async (folder) => {
      const daemon = await DaemonProcess.start(folder);
      try {
        await daemon.client.call('run/start', { workflow: 'call' });
        await sink.received(4);
      } finally {
        await daemon.dispose();
      }
      return ['seconds', 'date'].flatMap((form): Figure[] => {
        const second = sink.requests.filter(({ path }) => path === `/${form}`)[1]?.at ?? Number.NaN;
        const lateMs = second - (asked.get(`/${form}`) ?? Number.NaN);
        progress(`Retry-After as ${form}: ${lateMs.toFixed(1)} ms after the time that it names`);
        return [
          { what: `Retry-After as ${form}: too early by`, value: Math.max(0, -lateMs), unit: 'ms', target: { atMost: 0 } },
          { what: `Retry-After as ${form}: late by`, value: Math.max(0, lateMs), unit: 'ms' },
        ];
      });
    });
  } finally {
    await sink.stop();
  }
}
