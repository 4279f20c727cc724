import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { sign } from '@octokit/webhooks-methods';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { HttpSink } from '../support/http-sink.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { eventually, FaultProject } from './fault-project.ts';

const secret = 'pressure-secret-4711';
const env = { SLUICE_SECRET_HOOK: secret };
const mebibyte = 1024 * 1024;

const workflow = (url: string): string => `on: { webhook: { path: events, verify: { scheme: github, secret: "\${{ secrets.HOOK }}" }, inputs: { n: "\${{ trigger.body.n }}" } } }
inputs: { n: { type: integer } }
queues: { narrow: { concurrency: 1, max-depth: 5 }, wide: {} }
steps:
  tell: { queue: QUEUE, uses: http/request, with: { url: "${url}/\${{ inputs.n }}", method: POST } }
`;

interface Answer {
  readonly status: number;
  readonly id: string | undefined;
  readonly retryAfter: string | null;
}

/** Sends events of its own until all are accepted, as a sender does that repeats what was not answered with 2xx. */
class Sender {
  readonly accepted = new Map<number, string>();
  /** What was answered instead of 202. */
  readonly refusals: Answer[] = [];
  readonly #url: string;
  readonly #padding: string;

  constructor(url: string, padding = 0) {
    this.#url = url;
    this.#padding = 'x'.repeat(padding);
  }

  async send(n: number): Promise<Answer> {
    const body = JSON.stringify({ n, padding: this.#padding });
    const headers = { 'content-type': 'application/json', 'x-github-delivery': `event-${n}`, 'x-hub-signature-256': await sign(secret, body) };
    const response = await fetch(this.#url, { method: 'POST', body, headers });
    const text = await response.text();
    const answer = { status: response.status, id: /"id":"(d\d+)"/.exec(text)?.[1], retryAfter: response.headers.get('retry-after') };
    if (answer.status !== 202) this.refusals.push(answer);
    else if (answer.id !== undefined) this.accepted.set(n, answer.id);
    return answer;
  }

  /** Once each, all at a time. Returns those that are to be sent again. */
  async sendAll(numbers: readonly number[]): Promise<number[]> {
    const answers = await Promise.all(numbers.map(async (n) => [n, (await this.send(n)).status] as const));
    return answers.flatMap(([n, status]) => (status === 202 ? [] : [n]));
  }
}

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

describe('webhooks under back-pressure', () => {
  let sink: HttpSink;
  let project: FaultProject;
  let daemon: DaemonProcess;

  const make = async (queue: 'narrow' | 'wide'): Promise<void> => {
    sink = new HttpSink();
    const { url } = await sink.start();
    project = await FaultProject.make({ 'config.yaml': 'webhooks: { listen: "127.0.0.1:0" }\n', 'workflows/events.yaml': workflow(url).replace('QUEUE', queue) });
  };
  afterEach(async () => {
    await project.dispose();
    await sink.stop();
  });

  const address = async (): Promise<string> => `${(await daemon.client.call('daemon/status', {})).webhooks?.url ?? ''}events`;

  /** Each event that was accepted has one run, whose only step was called once, and is answered as before when it comes again. */
  const assertEachHasItsRunOnce = async (sender: Sender): Promise<void> => {
    const count = sender.accepted.size;
    await sink.received(count);
    const { runs } = await daemon.client.call('run/list', { limit: 1000 });
    assert.deepEqual(runs.map(({ trigger }) => ('delivery' in trigger ? trigger.delivery : undefined)).sort(), [...sender.accepted.values()].sort());
    for (const [n, id] of [...sender.accepted].slice(0, 3)) assert.equal((await sender.send(n)).id, id);
    assert.deepEqual(sink.requests.map(({ path }) => Number(path.slice(1))).sort((one, other) => one - other), [...sender.accepted.keys()].sort((one, other) => one - other));
  };

  it('are answered 429 while the queue is full, and each has its run once when its sender has repeated it', async () => {
    await make('narrow');
    daemon = await project.start({ env });
    const gate = Promise.withResolvers<undefined>();
    sink.respond = async () => {
      await gate.promise;
      return {};
    };
    const sender = new Sender(await address());
    let left = await sender.sendAll(numbers(0, 12));
    assert.ok(left.length >= 6, `${left.length} were refused: one is under way, five wait`);
    assert.ok(sender.accepted.size >= 5);
    assert.deepEqual([...new Set(sender.refusals.map(({ status, retryAfter }) => `${status} ${retryAfter ?? ''}`))], ['429 30']);
    assert.equal((await daemon.client.call('delivery/list', { limit: 100 })).deliveries.length, sender.accepted.size, 'what was refused is not kept');
    gate.resolve(undefined);
    while (left.length > 0) {
      await sink.received(sender.accepted.size);
      left = await sender.sendAll(left);
    }
    assert.equal(sender.accepted.size, 12);
    await assertEachHasItsRunOnce(sender);
  });

  it('are answered 503 while the store can not be written, and each has its run once when the disk has room', async function () {
    if (!SmallDisk.isPossible()) this.skip();
    await make('wide');
    const disk = await SmallDisk.mount(project.stateFolder, 16);
    try {
      daemon = await project.start({ env, launcher: disk.launcher, outsideFolder: () => disk.outside(project.folder) });
      const sender = new Sender(await address());
      assert.deepEqual(await sender.sendAll(numbers(0, 10)), []);
      await sink.received(10);
      await disk.fill();
      // The first ones find room in what the store has taken before.
      const left: number[] = [];
      for (let from = 10; left.length < 20 && from < 1000; from += 10) left.push(...(await sender.sendAll(numbers(from, 10))));
      assert.ok(left.length >= 20);
      assert.deepEqual([...new Set(sender.refusals.map(({ status, retryAfter }) => `${status} ${retryAfter ?? ''}`))], ['503 10']);
      await disk.clear();
      await eventually('room on the disk', async () => ((await daemon.client.call('daemon/status', {})).store.ok ? true : undefined));
      assert.deepEqual(await sender.sendAll(left), []);
      await assertEachHasItsRunOnce(sender);
    } finally {
      await project.dispose();
      await disk.dispose();
    }
  });

  it('are answered 503 while bodies of others fill the intake, and taken as soon as these are gone', async () => {
    await make('wide');
    daemon = await project.start({ env });
    const url = await address();
    const sender = new Sender(url, 4 * mebibyte);
    // All but a byte of twelve bodies that nobody has signed.
    const held = await Promise.all(numbers(0, 12).map(() => holdBody(url, 5 * mebibyte)));
    // What they have sent is in the daemon when one more doesn't fit.
    const refused = await eventually('a full intake', async () => {
      const n = sender.accepted.size;
      return (await sender.send(n)).status === 202 ? undefined : n;
    });
    assert.deepEqual(sender.refusals.map(({ status, retryAfter }) => [status, retryAfter]), [[503, '5']]);
    const ended = await Promise.all(held.map((finish) => finish()));
    assert.deepEqual([...new Set(ended)], [401]);
    assert.deepEqual(await sender.sendAll([refused]), []);
    await assertEachHasItsRunOnce(sender);
  });
});

/** Sends a request but for the last byte of its body. Returns what sends that, and gives the status of the answer. */
async function holdBody(url: string, bytes: number): Promise<() => Promise<number>> {
  const { port, pathname } = new URL(url);
  const socket: Socket = connect(Number(port), '127.0.0.1');
  const answered = new Promise<number>((resolve) => socket.once('data', (chunk) => resolve(Number(chunk.toString('latin1', 9, 12)))));
  await once(socket, 'connect');
  socket.write(`POST ${pathname} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nx-hub-signature-256: sha256=${'0'.repeat(64)}\r\ncontent-length: ${bytes}\r\n\r\n`);
  await new Promise<void>((resolve, reject) => socket.write(Buffer.alloc(bytes - 1, 0x20), (error) => (error instanceof Error ? reject(error) : resolve())));
  return async () => {
    socket.write('x');
    const status = await answered;
    socket.destroy();
    return status;
  };
}
