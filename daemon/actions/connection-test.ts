import { STATUS_CODES } from 'node:http';
import type { ConnectionTest } from '../../schemas/protocol/connection.ts';
import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import type { Clock } from '../core/clock.ts';
import type { Action, ResolvedConnection, ResolvedHttpConnection, ResolvedSmtpConnection } from './action.ts';
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
    const tested = connection.type === 'http' ? await testHttp(connection, path ?? connection.url, limit.signal, options) : await testSmtp(connection, limit.signal, options);
    return { name: connection.name, ...tested, durationMs: clock.monotonic() - begunAt };
  } finally {
    timer.cancel();
  }
}

async function testHttp(connection: ResolvedHttpConnection, path: string, signal: AbortSignal, { http, clock, projectFolder }: ConnectionTestOptions): Promise<Tested> {
  const address = path.includes('://') ? path : `${connection.url.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
  const context = loneCall({ clock, signal, idempotencyKey: 'connection-test', projectFolder, connection });
  // Whatever it answers is what is to be told.
  const result = await http.execute({ connection: connection.name, url: path, expect: ['2xx', '3xx', '4xx', '5xx'], 'max-bytes': maxBytes }, context);
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
