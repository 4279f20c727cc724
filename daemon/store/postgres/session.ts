import { createHash } from 'node:crypto';
import pg from 'pg';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { message } from '../../../schemas/wording/message.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Values } from '../row-columns.ts';
import { PackedNumbers } from './packed-numbers.ts';

/** What a statement is given. Lists go as `list`, or as `PackedNumbers`. */
export type Value = string | number | null | Uint8Array | PackedNumbers;
export type Row = Readonly<Record<string, unknown>>;

export interface SessionOptions {
  /** With the password in it: it goes to the driver, and nowhere else. */
  readonly url: string;
  /** Whether statements are prepared once, under names of their own. Behind a pooler each transaction can have another server process, which doesn't know them. */
  readonly isPreparing: () => boolean;
}

/** How long it may take to connect, in milliseconds. */
const connectMs = 10_000;
/** How often it is looked at whether the other side is still heard of, in milliseconds. */
const lookMs = 5000;
/** After so long without traffic the system asks whether the other side is still there, in milliseconds. */
const keepAliveMs = 10_000;

/**
 * One connection. Statements are sent without waiting for those before them, and answered in their order; each transaction names its schema itself, so that nothing of a
 * session has to last. When it is lost, everything that was sent is rejected, and it is of no further use.
 */
export class Session {
  readonly #client: pg.Client;
  readonly #isPreparing: () => boolean;
  #lost: Error | undefined;
  #isGathering = false;

  private constructor(client: pg.Client, isPreparing: () => boolean) {
    this.#client = client;
    this.#isPreparing = isPreparing;
    client.on('error', (error) => (this.#lost ??= error));
    client.on('end', () => (this.#lost ??= new Error('the connection has ended')));
  }

  /** @throws as the driver does */
  static async connect({ url, isPreparing }: SessionOptions): Promise<Session> {
    const client = clientOf(url);
    const session = new Session(client, isPreparing);
    try {
      await client.connect();
    } catch (error) {
      await session.end();
      throw error;
    }
    return session;
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Statements without values, sent as one. Resolves to the word with which the server has ended the last. */
  async exec(text: string): Promise<string> {
    this.#gather();
    const results: unknown = await this.#client.query(text);
    const last = (Array.isArray(results) ? results.at(-1) : results) as { readonly command?: string } | undefined;
    return last?.command ?? '';
  }

  async rows(text: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    this.#gather();
    const { rows } = await this.#client.query<Record<string, unknown>>({ ...this.#named(text), values: values.map(sent) });
    return rows;
  }

  /** The same, whose rows are arrays of values; see `../row-columns.ts`. */
  async values(text: string, values: readonly Value[] = []): Promise<readonly Values[]> {
    this.#gather();
    const { rows } = await this.#client.query<unknown[]>({ ...this.#named(text), values: values.map(sent), rowMode: 'array' });
    return rows;
  }

  /** How many rows it has changed. */
  async run(text: string, values: readonly Value[] = []): Promise<number> {
    this.#gather();
    const { rowCount } = await this.#client.query({ ...this.#named(text), values: values.map(sent) });
    return rowCount ?? 0;
  }

  onNotification(listener: (payload: string) => void): void {
    this.#client.on('notification', ({ payload = '' }) => listener(payload));
  }

  /**
   * Waits for what is asked of the server, as long as anything comes from it. If nothing does for so long, its end of the connection is taken to be gone, and the connection is let go; the system
   * would find out only after a quarter of an hour. `patienceMs` is asked for again and again.
   */
  async patiently<Value>(clock: Clock, patienceMs: () => number, work: () => Promise<Value>): Promise<Value> {
    const { stream } = this.#client.connection;
    let heardAt = clock.monotonic();
    let timer: Timer | undefined;
    const hear = (): void => {
      heardAt = clock.monotonic();
    };
    const look = (): void => {
      const leftMs = heardAt + patienceMs() - clock.monotonic();
      if (leftMs <= 0) this.abandon();
      else timer = clock.setTimer(Math.min(leftMs, lookMs), look);
    };
    stream.on('data', hear);
    look();
    try {
      return await work();
    } finally {
      timer?.cancel();
      stream.off('data', hear);
    }
  }

  /** Lets go of a connection that doesn't answer any more: what was sent is rejected. */
  abandon(): void {
    this.#lost ??= new Error('the server did not answer in time');
    this.#client.connection.stream.destroy();
  }

  async end(): Promise<void> {
    this.#lost ??= new Error('the connection was closed');
    const { stream } = this.#client.connection;
    // That it ends is said, and not waited for: the other side may be gone.
    stream.once('finish', () => stream.destroy());
    await this.#client.end().catch(() => {});
  }

  /** What is asked for in one turn leaves in one packet: a statement alone costs the system's call, which is more than the statement. */
  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    const { stream } = this.#client.connection;
    stream.cork();
    process.nextTick(() => {
      this.#isGathering = false;
      stream.uncork();
    });
  }

  #named(text: string): { readonly text: string; readonly name?: string } {
    return this.#isPreparing() ? { text, name: nameOf(text) } : { text };
  }
}

/** @throws Error where the URL is none: not the driver's, which has the URL in it, and that the password */
function clientOf(url: string): pg.Client {
  try {
    if (!/^postgres(?:ql)?:\/\//.test(url)) throw new Error('another scheme');
    return new pg.Client({ connectionString: url, application_name: 'sluice', pipeline: true, keepAlive: true, keepAliveInitialDelayMillis: keepAliveMs, connectionTimeoutMillis: connectMs, types: { getTypeParser } });
  } catch {
    throw new CodedError('store-unavailable', message('The URL of the store is none that Postgres takes. It looks like `postgres://user:password@host:5432/database`.'));
  }
}

const names = new Map<string, string>();

/** The same for the same text in every daemon, and another for any other text: a server process that several share behind a pooler never has another statement by that name. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `sluice_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
    names.set(text, name);
  }
  return name;
}

/**
 * Postgres has no place for NUL in a text, so an escape stands for it: a character that no text should have, and one that says what is meant. If a text has that character all the same, it is
 * escaped too: unescaped it would come back as NUL, which no JSON may have in it.
 */
const escape = '\uFFFE';

function sent(value: Value): Exclude<Value, PackedNumbers> {
  if (value instanceof PackedNumbers) return value.bytes;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes(escape) ? Buffer.from(escaped(Buffer.from(value).toString())) : value;
  return typeof value === 'string' && (value.includes('\0') || value.includes(escape)) ? escaped(value) : value;
}

function escaped(text: string): string {
  return text.replaceAll(/[\0\uFFFE]/g, (found) => `${escape}${found === '\0' ? '0' : '1'}`);
}

function received(text: string): string {
  return text.includes(escape) ? text.replaceAll(/\uFFFE([01])/g, (_, kind) => (kind === '0' ? '\0' : escape)) : text;
}

/** The types that the tables have: numbers of all sizes are numbers here, since times and counts are below 2 ** 53. */
const getTypeParser = ((oid: number) => {
  switch (oid) {
    case 20: // bigint
    case 21:
    case 23:
    case 701: // double precision
      return Number;
    case 16:
      return (text: string) => text === 't';
    default:
      return received;
  }
}) as typeof pg.types.getTypeParser;

/** A list as a statement takes it, for `= ANY ($1)` and `unnest`. */
export function list(values: Iterable<Exclude<Value, PackedNumbers> | undefined>): string {
  return `{${Array.from(values, elementOf).join(',')}}`;
}

function elementOf(value: Exclude<Value, PackedNumbers> | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'number' ? String(value) : quoted(typeof value === 'string' ? value : Buffer.from(value).toString());
}

function quoted(text: string): string {
  return `"${text.includes('"') || text.includes('\\') ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"') : text}"`;
}

/** A name in a statement. */
export function identifier(name: string): string {
  return pg.escapeIdentifier(name);
}
