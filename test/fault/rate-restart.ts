import { setTimeout as delay } from 'node:timers/promises';
import { RateWindow } from '../../daemon/core/rate-window.ts';
import type { JobDetail } from '../../schemas/protocol/job.ts';
import { HttpSink, type SinkRequest } from '../support/http-sink.ts';
import { mostInAWindow } from '../support/most-in-a-window.ts';
import { detailsOf, eventually, FaultProject, jobsOf } from './fault-project.ts';
import { webhookId } from './kill-epochs.ts';

export interface RateTestOptions {
  readonly limit: number;
  readonly perMs: number;
  /** Of steady work, the restart in its middle included. */
  readonly seconds: number;
  readonly restart: 'graceful' | 'kill';
  /** Whose rate it is: of the one queue, or of a connection that three queues without a rate use. */
  readonly of?: 'queue' | 'connection';
  /** Path of the daemon's program; from source if it is missing. */
  readonly program?: string;
}

export interface RateTestResult {
  /** The most requests that the receiver saw in any window of that length. */
  readonly mostInAWindow: number;
  readonly limit: number;
  /** The shortest time from a request to the one that is `limit` places later: not under `perMs` where the rate holds. */
  readonly closestMs: number;
  /**
   * Requests that arrived later after their planned start than the rate window allows for, because the machine was busy
   * with something else. The most in a window is at most the limit and these; on a machine at rest there are none.
   */
  readonly late: number;
  readonly requests: number;
  /** Of the requests that the rate allows in `seconds` from the first one on, the share that was made: 1 at most. */
  readonly used: number;
  /** From the end of one daemon to the first request of the next, in milliseconds: what a restart costs. */
  readonly gapMs: number;
}

/** Sends as fast as a rate allows, over a restart, by the machine's own clock; the receiver counts. */
export async function rateTest({ limit, perMs, seconds, restart, of = 'queue', program }: RateTestOptions): Promise<RateTestResult> {
  const sink = new HttpSink({ keepBodies: false });
  const { url } = await sink.start();
  const most = Math.ceil((limit * seconds * 1000) / perMs) + 2 * limit + 10;
  const rate = `{ limit: ${limit}, per: ${perMs}ms }`;
  const queues = of === 'queue' ? ['limited'] : ['one', 'two', 'three'];
  const steps = queues.map((queue) => `
  send_${queue}:
    queue: ${queue}
    foreach: { items: "\${{ inputs.count }}", key: "\${{ item }}", on-item-failure: fail }
    ${of === 'queue' ? `uses: webhook/send\n    with: { url: "${url}", body: { item: "\${{ item }}" } }` : `uses: http/request\n    with: { connection: api, url: "/\${{ item }}" }`}
`);
  const project = await FaultProject.make({
    'queues.yaml': `queues:\n${queues.map((queue) => `  ${queue}: { ${of === 'queue' ? `rate: ${rate}, ` : ''}concurrency: 50 }\n`).join('')}`,
    ...(of === 'connection' ? { 'connections.yaml': `connections:\n  api: { type: http, url: "${url}", rate: ${rate} }\n` } : {}),
    'workflows/send.yaml': `inputs:\n  count: { type: array }\nsteps:\n${steps.join('')}`,
  });
  try {
    const daemon = await project.start({ program });
    await daemon.client.call('run/start', { workflow: 'send', inputs: { count: Array.from({ length: most }, (_, index) => String(index)) } });
    await eventually('the first request', () => (sink.requests.length > 0 ? true : undefined));
    await delay((seconds * 1000) / 2);
    if (restart === 'kill') await daemon.kill();
    else await daemon.stop();
    const before = sink.requests.length;
    const second = await project.start({ program });
    await delay((seconds * 1000) / 2);
    for (const queue of queues) await second.client.call('queue/pause', { queue });
    const jobs = await detailsOf(second.client, await jobsOf(second.client));
    await second.kill();

    const times = sink.requests.map(({ at }) => at).sort((one, other) => one - other);
    const [first = 0] = times;
    const steady = times.filter((time) => time < first + seconds * 1000);
    return {
      mostInAWindow: mostInAWindow(times, perMs),
      limit,
      closestMs: Math.min(...times.slice(limit).map((time, index) => time - (times[index] ?? time))),
      late: countLate(sink.requests, jobs, new RateWindow({ limit, perMs, burst: 1 }).sentMs),
      requests: times.length,
      used: steady.length / ((seconds * 1000 * limit) / perMs),
      gapMs: (times[before] ?? NaN) - (times[before - 1] ?? NaN),
    };
  } finally {
    await project.dispose();
    await sink.stop();
  }
}

/** The key that all attempts of a job send. */
function keyOf(request: SinkRequest): string {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' ? key : webhookId(request);
}

/** Timers may call a little too soon, and starts are kept in whole milliseconds. */
const earlyMs = 2;

/** By each attempt's start as the claim has put it on disk. */
function countLate(requests: readonly SinkRequest[], jobs: readonly JobDetail[], sentMs: number): number {
  const starts = new Map(jobs.map((job) => [job.idempotencyKey, job.attempts.map(({ startedAt }) => Date.parse(startedAt))]));
  return requests.filter((request) => {
    const before = starts.get(keyOf(request))?.filter((start) => start <= request.at + earlyMs) ?? [];
    return request.at - Math.max(...before) > sentMs;
  }).length;
}
