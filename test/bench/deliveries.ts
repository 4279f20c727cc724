import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchDaemon } from './bench-daemon.ts';
import { withProject } from './bench-folder.ts';
import { withBuiltDaemon } from './built-daemon.ts';
import { commitsPerSecond } from './commit-ruler.ts';
import type { Bench, Figure } from './figure.ts';
import { withNginx } from './nginx.ts';
import { peakMb } from './process-memory.ts';
import { median, percentile } from './sample.ts';
import { type SentTally, WebhookSender } from '../support/webhook-sender.ts';

const secret = 'bench-secret-of-a-sender';
const connections = 64;
const pauseMs = 5;
/** Before anything is measured: what Node compiles in the first thousands says nothing of a daemon that runs for days. */
const warmUp = 5_000;

const hook = (path: string, rest: string): string => `on: { webhook: { path: ${path}, verify: { scheme: github, secret: "\${{ secrets.HOOK }}" }, inputs: { deal: "\${{ trigger.body.deal }}" } } }
inputs: { deal: { type: object, required: [id], properties: { id: { type: integer }, name: { type: string } } } }
steps:
  only:
    ${rest}
`;

/** Three workflows: the jobs of `kept` wait, those of `run` do nothing, that of `told` calls `receiver`. */
const project = (receiver: number): Readonly<Record<string, string>> => ({
  'config.yaml': 'webhooks: { listen: "127.0.0.1:0" }\n',
  'queues.yaml': 'queues:\n  still: { rate: 1/d }\n  quick: { concurrency: 10 }\n  told: { concurrency: 10 }\n',
  'workflows/kept.yaml': hook('kept', 'queue: still\n    uses: webhook/send\n    with: { url: "http://127.0.0.1/", body: "${{ inputs.deal }}" }'),
  'workflows/run.yaml': hook('run', 'queue: quick\n    uses: webhook/send\n    with: { url: "http://127.0.0.1/", body: "${{ inputs.deal }}" }'),
  'workflows/told.yaml': hook('told', `queue: told\n    uses: http/request\n    with: { url: "http://127.0.0.1:${receiver}/", method: POST, json: "\${{ inputs.deal }}" }`),
});

interface Case {
  readonly path: string;
  readonly what: string;
  readonly rates: number[];
  readonly shares: number[];
  readonly answersMs: number[];
  readonly costs: number[];
  readonly delaysMs: number[];
}

const aCase = (path: string, what: string): Case => ({ path, what, rates: [], shares: [], answersMs: [], costs: [], delaysMs: [] });

/** Signed webhooks over kept connections into a daemon with `durability: full`, beside nginx, which answers the same requests and keeps nothing. */
export const deliveries: Bench = async ({ quick, progress }) => {
  const [rounds, count, starts] = quick ? [1, 2_000, 30] : [5, 10_000, 200];
  const receiver = await Receiver.open();
  const [sender, flooder] = [new WebhookSender(), new WebhookSender()];
  process.env['SLUICE_SECRET_HOOK'] = secret;
  try {
    return await withNginx((nginx) => withBuiltDaemon(({ bench: program }) => withProject(project(receiver.port), (folder) =>
      BenchDaemon.with(program, folder, async ({ client, ask, pid }): Promise<readonly Figure[]> => {
        const { webhooks } = await client.call('daemon/status', {});
        const port = Number(new URL(webhooks?.url ?? '').port);
        const through = (path: string, to: number, requests: number, over = connections): Promise<SentTally> => sender.deliver({ port: to, path: `/hooks/${path}`, secret, connections: over, count: requests });
        const cases = [aCase('kept', 'accepted, jobs wait'), aCase('run', 'accepted, jobs run meanwhile')];
        if (nginx === undefined) progress('there is no nginx on the path, so the figures stand alone');
        const [bareRates, bareMs, rulers]: [number[], number[], number[]] = [[], [], []];
        for (const { path } of cases) await through(path, port, quick ? 500 : warmUp);
        for (let round = 1; round <= rounds; round++) {
          rulers.push(await commitsPerSecond());
          for (const { path, rates, shares, answersMs, costs, delaysMs } of cases) {
            const bare = nginx === undefined ? undefined : await through(path, nginx, count);
            await ask({ kind: 'watch-loop' });
            const taken = await through(path, port, count);
            const { maxMs = Number.NaN, processorUs = Number.NaN } = await ask({ kind: 'loop' });
            rates.push(perSecond(taken));
            answersMs.push(...taken.answeredMs);
            costs.push(processorUs / count);
            delaysMs.push(maxMs);
            if (bare !== undefined) {
              shares.push((perSecond(taken) / perSecond(bare)) * 100);
              bareRates.push(perSecond(bare));
              bareMs.push(...bare.answeredMs);
            }
            progress(`round ${round} of ${rounds}, ${path}: ${Math.round(perSecond(taken))}/s, p99 ${percentile(taken.answeredMs, 0.99).toFixed(1)} ms${bare === undefined ? '' : `; nginx ${Math.round(perSecond(bare))}/s`}`);
          }
        }
        // Nobody has told them the secret.
        const flood = (requests: number): Promise<SentTally> => flooder.send({ port, path: '/hooks/kept', secret: 'another', connections: 200, count: requests });
        await flood(quick ? 500 : warmUp);
        await ask({ kind: 'watch-loop' });
        const { value: [flooded, meant], mb } = await peakMb(pid, () => Promise.all([flood(quick ? 5_000 : 60_000), through('kept', port, quick ? 100 : 1_000, 4)]));
        const { maxMs: floodDelayMs = Number.NaN } = await ask({ kind: 'loop' });
        progress(`flood: ${Math.round(perSecond(flooded))}/s refused`);
        const firstMs: number[] = [];
        for (let index = -20; index < starts; index++) {
          const arrived = receiver.next();
          const startedAtMs = performance.now();
          await through('told', port, 1, 1);
          const tookMs = (await arrived) - startedAtMs;
          if (index >= 0) firstMs.push(tookMs);
          await delay(pauseMs);
        }
        return [
          { what: 'ruler: bare SQLite commits of 100 rows', value: median(rulers), unit: '/s' },
          ...(nginx === undefined ? [] : [
            { what: `nginx, 202 to all, ${connections} connections`, value: median(bareRates), unit: '/s', note: 'one worker; it verifies, keeps and starts nothing' },
            { what: '… p99 of an answer', value: percentile(bareMs, 0.99), unit: 'ms' },
          ]),
          ...cases.flatMap((one) => figuresOf(one)),
          { what: 'a flood without the secret, refused', value: perSecond(flooded), unit: '/s', note: '200 connections; each is answered 401 after its body has been verified' },
          { what: '… p99 of an answer to a signed one meanwhile', value: percentile(meant.answeredMs, 0.99), unit: 'ms', target: { atMost: 250 }, note: 'all are accepted' },
          { what: '… longest delay of the event loop', value: floodDelayMs, unit: 'ms', target: { atMost: 100 } },
          { what: '… memory of the daemon, peak', value: mb, unit: 'MB', target: { atMost: 250 } },
          { what: 'delivery to first attempt, idle, p50', value: median(firstMs), unit: 'ms', target: { atMost: 10 }, note: 'from the request sent until the request of the first step arrives' },
          { what: '… p99', value: percentile(firstMs, 0.99), unit: 'ms' },
        ];
      }))));
  } finally {
    await Promise.all([sender.end(), flooder.end()]);
    receiver.close();
    delete process.env['SLUICE_SECRET_HOOK'];
  }
};

function figuresOf({ what, rates, shares, answersMs, costs, delaysMs }: Case): Figure[] {
  return [
    { what: `deliveries ${what}, ${connections} connections`, value: median(rates), unit: '/s', target: { atLeast: 2_000 }, note: `${Math.round(Math.min(...rates))} to ${Math.round(Math.max(...rates))}` },
    ...(shares.length === 0 ? [] : [{ what: '… of nginx, in the same seconds', value: median(shares), unit: '%' }]),
    { what: '… p50 of an answer', value: median(answersMs), unit: 'ms' },
    { what: '… p99 of an answer', value: percentile(answersMs, 0.99), unit: 'ms', target: { atMost: 100 } },
    { what: '… longest delay of the event loop', value: Math.max(...delaysMs), unit: 'ms' },
    { what: '… of the processor for each', value: median(costs), unit: 'µs', note: 'all threads of the daemon' },
  ];
}

function perSecond({ ms, answeredMs }: SentTally): number {
  return (answeredMs.length / ms) * 1000;
}

/** What first steps call. */
class Receiver {
  readonly #server: Server;
  #arrived: (atMs: number) => void = () => undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#arrived(performance.now());
      request.resume();
      response.writeHead(204).end();
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** When the next request arrives. */
  next(): Promise<number> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
