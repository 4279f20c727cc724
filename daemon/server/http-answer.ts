import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../log/daemon-log.ts';
import type { Json } from '../../schemas/workflow/json.ts';

/** No page may read, keep or show what the daemon answers, whatever its browser makes of the rest. */
const always = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

export function answer(response: ServerResponse, status: number, body: Json, headers: Readonly<Record<string, string>> = {}): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { ...always, ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** In Prometheus' text format, version 0.0.4. */
export async function answerMetrics(response: ServerResponse, metrics: () => Promise<string>, log: Log): Promise<void> {
  try {
    const text = await metrics();
    response.writeHead(200, { ...always, 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'content-length': Buffer.byteLength(text) }).end(text);
  } catch (error) {
    log.error({ err: error }, 'metrics could not be read');
    answer(response, 503, { error: 'The metrics could not be read; the log has the details.' });
  }
}

/** Answers a request for another protocol instead of granting it, and closes. */
export function answerUpgrade(socket: Duplex, status: number, reason: string, headers: Readonly<Record<string, string>> = {}): void {
  const text = `${JSON.stringify({ error: reason })}\n`;
  const all = { ...always, ...headers, connection: 'close', 'content-length': String(Buffer.byteLength(text)) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  // Anyone who never closes the other half would otherwise hold the connection.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${text}`);
}

/** Why the daemon can't do its work just now, for a person; undefined if it can. Anyone on this machine may read it. */
export type Health = () => Promise<string | undefined>;

/** Status and body of `/healthz`. A check that fails, or takes longer than `limitMs`, is an answer too. */
export async function healthAnswer(health: Health, clock: Clock, limitMs: number): Promise<readonly [status: number, body: Json]> {
  const reason = await new Promise<string | undefined>((resolve) => {
    const timer = clock.setTimer(limitMs, () => resolve(`the check took longer than ${limitMs} ms`));
    Promise.resolve()
      .then(health)
      .catch(() => 'the check failed; the log has the details')
      .then((found) => {
        timer.cancel();
        resolve(found);
      })
      .catch(() => undefined);
  });
  return reason === undefined ? [200, { status: 'ok' }] : [503, { status: 'unavailable', reason }];
}

/** A page that tries again and again must not push everything else out of the log. */
const silenceMs = 60_000;

/** Tells of refused visitors: the first of each status at once, then at most one line a minute, with their number. */
export class RefusalLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #told = new Map<number, { readonly atMs: number; untold: number }>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  add(status: number, reason: string): void {
    const nowMs = this.#clock.monotonic();
    const last = this.#told.get(status);
    if (last !== undefined && nowMs - last.atMs < silenceMs) {
      last.untold++;
      return;
    }
    this.#told.set(status, { atMs: nowMs, untold: 0 });
    this.#log.warn({ status, reason, ...(last === undefined || last.untold === 0 ? {} : { before: last.untold }) }, 'a request was refused');
  }
}
