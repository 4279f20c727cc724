import { STATUS_CODES } from 'node:http';
import type { ConnectionTest } from '../../schemas/protocol/connection.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import { readPostgresUrl } from '../../schemas/workflow/sql/postgres-url.ts';
import type { Clock } from '../core/clock.ts';
import type { Action, ResolvedConnection, ResolvedHttpConnection, ResolvedPostgresConnection, ResolvedSmtpConnection, ResolvedSqliteConnection } from './action.ts';
import type { AddressGuard } from './address-guard.ts';
import { loneCall } from './lone-call.ts';
import { smtpFailure } from './smtp-failure.ts';
import { SmtpSession } from './smtp-session.ts';

/** How long a test may take, in milliseconds. */
const limitMs = 30_000;
/** An answer that is longer counts as one all the same. In bytes. */
const maxBytes = 65_536;
/** How much of an answer is shown, in characters. */
const maxShown = 500;

export interface ConnectionTestOptions {
  readonly http: Action;
  readonly sql: Action;
  readonly guard: AddressGuard;
  readonly clock: Clock;
  readonly projectFolder: string;
}

/** Not masked yet. */
type Tested = Omit<ConnectionTest, 'name' | 'durationMs'>;

/** Calls the other side once, as a job would, outside of every queue. `path`: what of an HTTP API is called, by GET; its own URL if omitted. */
export async function testConnection(connection: ResolvedConnection, path: string | undefined, options: ConnectionTestOptions): Promise<ConnectionTest> {
  const { clock } = options;
  const begunAt = clock.monotonic();
  const limit = new AbortController();
  const timer = clock.setTimer(limitMs, () => limit.abort(new DOMException('the test took too long', 'TimeoutError')));
  try {
    return { name: connection.name, ...(await test(connection, path, limit.signal, options)), durationMs: clock.monotonic() - begunAt };
  } finally {
    timer.cancel();
  }
}

function test(connection: ResolvedConnection, path: string | undefined, signal: AbortSignal, options: ConnectionTestOptions): Promise<Tested> {
  switch (connection.type) {
    case 'http':
      return testHttp(connection, path ?? connection.url, signal, options);
    case 'smtp':
      return testSmtp(connection, signal, options);
    case 'postgres':
      return testSql(connection, { address: postgresAddress(connection.url), query: "select 'PostgreSQL ' || current_setting('server_version') as version" }, signal, options);
    case 'sqlite':
      // It says whether the file is a database.
      return testSql(connection, { address: connection.file.path, query: "select 'SQLite ' || sqlite_version() as version from (select count(*) from sqlite_schema)" }, signal, options);
  }
}

async function testSql(connection: ResolvedPostgresConnection | ResolvedSqliteConnection, { address, query }: { readonly address: string; readonly query: string }, signal: AbortSignal, options: ConnectionTestOptions): Promise<Tested> {
  const result = await options.sql.execute({ connection: connection.name, query }, loneCall({ ...options, signal, timeLimitMs: limitMs, idempotencyKey: 'connection-test', connection }));
  if (!result.ok) return { address, verdict: 'failed', problem: result.error.message };
  const rows = isJsonObject(result.output) ? result.output['rows'] : undefined;
  const row: Json | undefined = Array.isArray(rows) ? (rows as readonly Json[])[0] : undefined;
  const version = row !== undefined && isJsonObject(row) ? row['version'] : undefined;
  return { address, verdict: 'works', answered: typeof version === 'string' ? version : '' };
}

/** Where a URL leads, without its user and password. */
export function postgresAddress(url: string): string {
  const place = readPostgresUrl(url);
  return 'problem' in place ? 'Postgres' : `${place.host}:${place.port}/${place.database}`;
}

async function testHttp(connection: ResolvedHttpConnection, path: string, signal: AbortSignal, options: ConnectionTestOptions): Promise<Tested> {
  const address = path.includes('://') ? path : `${connection.url.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
  // Whatever it answers is what is to be told.
  const result = await options.http.execute({ connection: connection.name, url: path, expect: ['2xx', '3xx', '4xx', '5xx'], 'max-bytes': maxBytes }, loneCall({ ...options, signal, timeLimitMs: limitMs, idempotencyKey: 'connection-test', connection }));
  if (!result.ok && result.error.cause !== 'response too large') return { address, verdict: 'failed', problem: result.error.message };
  const output = result.ok ? result.output : { status: result.error.status ?? 0 };
  const { status, body } = isJsonObject(output) ? output : {};
  const code = Number(status);
  return { address, ...verdictOf(code, connection), answered: [code, STATUS_CODES[code] ?? ''].join(' ').trim(), ...shown(body) };
}

function verdictOf(status: number, { auth }: ResolvedHttpConnection): Pick<Tested, 'verdict' | 'problem'> {
  if (status < 400) return { verdict: 'works' };
  if (status === 401 || status === 403) return { verdict: 'failed', problem: auth === undefined ? "It asks for credentials, and the connection has no 'auth'." : "It doesn't take the credentials, or they don't allow this." };
  if (status >= 500) return { verdict: 'failed' };
  return { verdict: 'reached', problem: `That says nothing of ${auth === undefined ? 'what steps will call' : 'the credentials'}: name a path that answers, with --path.` };
}

function shown(body: Json | undefined): { readonly body?: string } {
  if (body === undefined || body === null || body === '') return {};
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { body: text.length > maxShown ? `${text.slice(0, maxShown)}…` : text };
}

/** Greets, encrypts and logs in; sends nothing. */
async function testSmtp(connection: ResolvedSmtpConnection, signal: AbortSignal, { guard }: ConnectionTestOptions): Promise<Tested> {
  const address = `${connection.host}:${connection.port}`;
  try {
    const session = await SmtpSession.open(connection, guard, signal);
    const answered = session.lastReply;
    session.close();
    return { address, verdict: 'works', answered };
  } catch (error) {
    if (signal.aborted) return { address, verdict: 'failed', problem: 'It did not answer in time.' };
    if (!(error instanceof Error)) throw error;
    return { address, verdict: 'failed', problem: smtpFailure(error, address, {}).error.message };
  }
}
