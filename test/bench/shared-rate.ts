import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { eventually, FaultProject } from '../fault/fault-project.ts';
import { HttpSink } from '../support/http-sink.ts';
import { mostInAWindow } from '../support/most-in-a-window.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { withBuiltDaemon } from './built-daemon.ts';
import type { Bench, Figure } from './figure.ts';

const rates = [
  { name: '20/s', queue: 'quick', limit: 20, perMs: 1000 },
  { name: '100/s', queue: 'fast', limit: 100, perMs: 1000 },
] as const;

/** Three daemons, each with a folder of its own, send as fast as rates allow that they share. The one that leads is killed in the middle; one receiver counts for each rate. */
export const sharedRate: Bench = async ({ quick, progress }) => {
  const seconds = quick ? 20 : 90;
  return withBuiltDaemon(async ({ daemon: program }) => {
    const server = await PostgresServer.start();
    const sinks = rates.map(() => new HttpSink({ keepBodies: false }));
    const projects: FaultProject[] = [];
    try {
      const { url: storeUrl } = await server.newDatabase();
      const urls: string[] = [];
      for (const sink of sinks) urls.push((await sink.start()).url);
      const files = {
        'config.yaml': 'store: { postgres: "${{ secrets.STORE_URL }}", schema: shop }\n',
        'queues.yaml': `queues:\n${rates.map(({ queue, limit, perMs }) => `  ${queue}: { rate: { limit: ${limit}, per: ${perMs}ms }, concurrency: 50 }\n`).join('')}`,
        ...Object.fromEntries(rates.map(({ queue }, index) => [`workflows/${queue}.yaml`, workflow(queue, urls[index] ?? '')])),
      };
      const daemons: DaemonProcess[] = [];
      for (let count = 0; count < 3; count++) {
        const project = await FaultProject.make(files);
        projects.push(project);
        daemons.push(await project.start({ program, env: { SLUICE_SECRET_STORE_URL: storeUrl } }));
      }
      const [leader, other] = daemons;
      if (leader === undefined || other === undefined) throw new Error('there are no daemons');
      for (const { queue, limit, perMs } of rates) {
        const enough = Math.ceil((limit * seconds * 1000) / perMs) + 20 * limit;
        await other.client.call('run/start', { workflow: queue, inputs: { count: Array.from({ length: enough }, (_, index) => index) } });
      }
      for (const [index, sink] of sinks.entries()) await eventually(`the first request of ${rates[index]?.queue ?? ''}`, () => (sink.requests.length > 0 ? true : undefined));
      progress(`${rates.map(({ name }) => name).join(' and ')} by three daemons, for ${seconds} s`);
      await delay((seconds * 1000) / 2);
      await leader.kill();
      const diedAt = performance.timeOrigin + performance.now();
      await delay((seconds * 1000) / 2);
      return rates.flatMap((rate, index) => figuresOf(rate, sinks[index]?.requests.map(({ at }) => at) ?? [], { seconds, diedAt }));
    } finally {
      for (const project of projects) await project.dispose();
      for (const sink of sinks) await sink.stop();
      await server.dispose();
    }
  });
};

function workflow(queue: string, url: string): string {
  return `
inputs:
  count: { type: array }
steps:
  send:
    queue: ${queue}
    foreach: { items: "\${{ inputs.count }}", on-item-failure: continue }
    uses: webhook/send
    with: { url: "${url}", body: { item: "\${{ item }}" } }
`;
}

/** `arrivals`: in milliseconds since the epoch. */
function figuresOf({ name, limit, perMs }: (typeof rates)[number], arrivals: readonly number[], { seconds, diedAt }: { readonly seconds: number; readonly diedAt: number }): readonly Figure[] {
  const sorted = arrivals.toSorted((one, another) => one - another);
  const [first = 0] = sorted;
  const steadyMs = seconds * 1000 - 500;
  const shareBetween = (from: number, to: number): number => (sorted.filter((at) => at >= from && at < to).length / ((limit * (to - from)) / perMs)) * 100;
  const lowest = Math.min(...Array.from({ length: Math.floor(steadyMs / 1000) }, (_, second) => sorted.filter((at) => at >= first + second * 1000 && at < first + (second + 1) * 1000).length));
  return [
    { what: `${name} by three daemons, one dies: most in any window, seen by the receiver`, value: mostInAWindow(sorted, perMs), unit: 'requests', target: { atMost: limit }, note: `of ${sorted.length}` },
    { what: '… share used', value: shareBetween(first, first + steadyMs), unit: '%', target: { atLeast: 97 }, note: `${shareBetween(first, diedAt).toFixed(1)} % before the death, ${shareBetween(diedAt, first + steadyMs).toFixed(1)} % after it; the emptiest second had ${lowest}` },
  ];
}
