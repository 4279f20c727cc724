import { createHmac } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { SendOrder, SentTally } from './webhook-sender.ts';

/**
 * A sender of webhooks in a process of its own: each connection is kept, and sends the next request when the last one was answered. Sockets and not an HTTP client,
 * which would cost more of the processor than what is measured.
 */
process.on('message', (order: SendOrder) => void send(order).then((tally) => process.send?.(tally)));
process.on('disconnect', () => process.exit());

async function send({ port, path, secret, connections, count, firstId }: SendOrder): Promise<SentTally> {
  const answeredMs: number[] = [];
  const statuses: Record<number, number> = {};
  let next = 0;
  const startedAtMs = performance.now();
  const work = async (): Promise<void> => {
    const line = await KeptConnection.open(port);
    while (next < count) {
      const request = signedRequest(path, secret, firstId + next++);
      const sentAtMs = performance.now();
      const status = await line.send(request);
      statuses[status] = (statuses[status] ?? 0) + 1;
      answeredMs.push(performance.now() - sentAtMs);
    }
    line.close();
  };
  await Promise.all(Array.from({ length: connections }, work));
  return { ms: performance.now() - startedAtMs, statuses, answeredMs };
}

/** As GitHub sends one, about as long as the event of a form or a deal is. */
function signedRequest(path: string, secret: string, id: number): string {
  const body = JSON.stringify({ action: 'closed', deal: { id, name: `Deal ${id}`, amount: 1234.5, currency: 'EUR', owner: { email: 'someone@example.com' } }, text: 'x'.repeat(400) });
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nuser-agent: bench\r\nx-github-event: deal\r\nx-github-delivery: bench-${id}\r\nx-hub-signature-256: sha256=${signature}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** Answers have a `content-length` and fit a packet or two. */
class KeptConnection {
  readonly #socket: Socket;
  #text = '';
  #answered: ((status: number) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#failed?.(error));
    socket.on('close', () => this.#failed?.(new Error('the connection was closed')));
  }

  static open(port: number): Promise<KeptConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new KeptConnection(socket)));
      socket.once('error', reject);
    });
  }

  send(request: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf('\r\n\r\n');
    if (end === -1) return;
    const length = Number(/content-length: *(\d+)/i.exec(this.#text.slice(0, end))?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return;
    const status = Number(this.#text.slice(9, 12));
    this.#text = this.#text.slice(end + 4 + length);
    this.#answered?.(status);
  }
}
