import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';
import type { Log, LogFields, LogLevel } from '../../daemon/log/daemon-log.ts';
import type { Clock } from '../../daemon/core/clock.ts';
import { systemClock } from '../../daemon/platform/system-clock.ts';
import type { Handlers } from '../../daemon/server/method-caller.ts';
import type { Health } from '../../daemon/server/http-answer.ts';
import type { ServerLimits } from '../../daemon/server/limits.ts';
import { Server } from '../../daemon/server/server.ts';
import type { TopicHint, TopicSource } from '../../daemon/server/topic.ts';
import type { SubscribeParams, TopicState } from '../../schemas/protocol/subscription.ts';
import { methods } from '../../schemas/protocol/method.ts';
import { Countdown } from './countdown.ts';

export const benchToken = 'bench-token-0123456789abcdefghijklmnopqrstuv';

/** A log that keeps its entries. */
export class KeptLog implements Log {
  readonly entries: { readonly level: LogLevel; readonly fields: LogFields; readonly message: string }[] = [];
  readonly added = new Countdown();

  debug = (fields: LogFields, message: string): void => this.#add('debug', fields, message);
  info = (fields: LogFields, message: string): void => this.#add('info', fields, message);
  warn = (fields: LogFields, message: string): void => this.#add('warn', fields, message);
  error = (fields: LogFields, message: string): void => this.#add('error', fields, message);

  /** All of it as text, errors with their stacks. */
  text(): string {
    return this.entries.map(({ fields, message }) => `${message} ${Object.values(fields).map((value) => (value instanceof Error ? value.stack : JSON.stringify(value))).join(' ')}`).join('\n');
  }

  #add(level: LogLevel, fields: LogFields, message: string): void {
    this.entries.push({ level, fields, message });
    this.added.tick();
  }
}

/** Topics whose states a test sets, and which counts how often it is asked. */
export class SettableTopics implements TopicSource {
  state: (params: SubscribeParams) => TopicState | Promise<TopicState> = () => ({});
  readonly asked: SubscribeParams[] = [];
  readonly #hints = new Set<(hint: TopicHint) => void>();
  readonly #lines = new Set<(line: string) => void>();

  async snapshot(params: SubscribeParams): Promise<TopicState> {
    this.asked.push(params);
    return this.state(params);
  }

  onChange(listener: (hint: TopicHint) => void): () => void {
    this.#hints.add(listener);
    return () => void this.#hints.delete(listener);
  }

  onLine(listener: (line: string) => void): () => void {
    this.#lines.add(listener);
    return () => void this.#lines.delete(listener);
  }

  get listenerCount(): number {
    return this.#hints.size + this.#lines.size;
  }

  hint(queues: readonly string[] | undefined, runs: readonly string[] | 'any' = []): void {
    for (const listener of this.#hints) listener({ queues: queues === undefined ? undefined : new Set(queues), runs: runs === 'any' ? undefined : new Set(runs) });
  }

  hintBulk(id: string): void {
    for (const listener of this.#hints) listener({ queues: new Set(), runs: new Set(), bulks: new Set([id]) });
  }

  line(text: string): void {
    for (const listener of this.#lines) listener(text);
  }
}

export interface BenchOptions {
  readonly handlers?: Partial<Handlers>;
  readonly limits?: Partial<ServerLimits>;
  readonly health?: Health;
  readonly metrics?: () => Promise<string>;
  readonly clock?: Clock;
}

/** A real server on a real port, with handlers of the test's making. */
export class ServerBench {
  readonly topics = new SettableTopics();
  readonly log = new KeptLog();
  readonly server: Server;
  port = 0;
  readonly #clients: RpcClient[] = [];

  static async start(options: BenchOptions = {}): Promise<ServerBench> {
    const bench = new ServerBench(options);
    bench.port = (await bench.server.start()).port;
    return bench;
  }

  private constructor({ handlers = {}, limits = {}, health = async () => undefined, metrics = async () => '', clock = systemClock }: BenchOptions) {
    const missing = async (): Promise<never> => Promise.reject(new Error('the test has no handler for this'));
    const all = { ...Object.fromEntries(Object.keys(methods).map((name) => [name, missing])), ...handlers } as unknown as Handlers;
    this.server = new Server({ handlers: all, topics: this.topics, token: benchToken, version: '1.2.3', health, metrics, log: this.log, clock, limits: { stopGraceMs: 200, ...limits } });
  }

  async connect(options: ClientOptions = {}): Promise<RpcClient> {
    const client = new RpcClient(this.socket(options));
    this.#clients.push(client);
    await client.opened;
    return client;
  }

  socket(options: ClientOptions = {}, path = '/rpc'): WebSocket {
    return new WebSocket(`ws://127.0.0.1:${this.port}${path}`, { ...options, headers: { authorization: `Bearer ${benchToken}`, ...options.headers } });
  }

  /** The status that a handshake is refused with, and the body. */
  async refusal(headers: Readonly<Record<string, string>>, path = '/rpc'): Promise<{ readonly status: number; readonly body: string }> {
    const socket = this.socket({ headers }, path);
    return new Promise((resolve, reject) => {
      socket.on('error', () => undefined);
      socket.once('open', () => {
        socket.terminate();
        reject(new Error('the handshake was accepted'));
      });
      socket.once('unexpected-response', (_request, response) => {
        void bodyOf(response).then((body) => resolve({ status: response.statusCode ?? 0, body }));
      });
    });
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<{ readonly status: number; readonly body: string; readonly headers: http.IncomingHttpHeaders }> {
    const request = http.request({ host: '127.0.0.1', port: this.port, path, method, headers, agent: false });
    request.end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    return { status: response.statusCode ?? 0, body: await bodyOf(response), headers: response.headers };
  }

  /** Sends bytes as they are. Resolves with all that came back, when the server has closed the connection. */
  async raw(text: string): Promise<string> {
    const socket = await this.tcp();
    const received = bodyOf(socket);
    socket.write(text);
    return received;
  }

  async tcp(): Promise<net.Socket> {
    const socket = net.connect(this.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  /** The daemon still answers: what every attack has to leave as it was. */
  async isAlive(): Promise<boolean> {
    const { status } = await this.get('/healthz');
    return status === 200;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.#clients) socket.terminate();
    await this.server.stop();
  }
}

export interface RpcAnswer {
  readonly id: number | string | null;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: { readonly code: string; readonly [key: string]: unknown } };
}

export interface RpcNotification {
  readonly method: string;
  readonly params: { readonly id: number; readonly number: number; readonly change: TopicState; readonly removed?: readonly string[] };
}

/** A client that sends what it is told to, right or wrong. */
export class RpcClient {
  readonly socket: WebSocket;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<number>;
  readonly messages: (RpcAnswer | RpcNotification)[] = [];
  readonly received = new Countdown();
  #nextId = 1;

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.opened = once(socket, 'open');
    this.closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      this.messages.push(JSON.parse((data as Buffer).toString('utf8')) as RpcAnswer | RpcNotification);
      this.received.tick();
    });
  }

  async call(method: string, params?: unknown): Promise<RpcAnswer> {
    const id = this.#nextId++;
    this.send({ jsonrpc: '2.0', id, method, params });
    return this.answerTo(id);
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async answerTo(id: number | string | null): Promise<RpcAnswer> {
    for (;;) {
      const found = this.messages.find((message): message is RpcAnswer => 'id' in message && message.id === id);
      if (found !== undefined) {
        this.messages.splice(this.messages.indexOf(found), 1);
        return found;
      }
      await this.received.reached(this.received.count + 1);
    }
  }

  /** The next `changed` that hasn't been taken yet. */
  async change(): Promise<RpcNotification['params']> {
    for (;;) {
      const found = this.messages.find((message): message is RpcNotification => 'method' in message);
      if (found !== undefined) {
        this.messages.splice(this.messages.indexOf(found), 1);
        return found.params;
      }
      await this.received.reached(this.received.count + 1);
    }
  }
}

async function bodyOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
  } catch {
    // Reset: what came is what came.
  }
  return Buffer.concat(chunks).toString('utf8');
}

