import type { Readable } from 'node:stream';
import { createHash } from 'node:crypto';
import type { NodemailerError } from 'nodemailer';
import type { ResolvedSmtpConnection } from './action.ts';
import type { AddressGuard } from './address-guard.ts';
import { type SmtpEnvelope, type SmtpReplies, SmtpSession } from './smtp-session.ts';

/**
 * An open connection that sends nothing for this long is closed, in milliseconds: sooner than servers do, so that none
 * is closed under a message.
 */
const idleTimeoutMs = 30_000;

export interface OutgoingMessage {
  readonly envelope: SmtpEnvelope;
  /** An address of it has other characters than ASCII before the `@` (RFC 6531). */
  readonly needsUtf8: boolean;
  /** The message's source; asked for again where nothing of the last one was read. */
  content(): Readable;
}

/** A message that this server can't take as it is: it doesn't offer SMTPUTF8. */
export class NoUtf8Error extends Error {
  override readonly name = 'NoUtf8Error';
}

export interface SentMessage extends SmtpReplies {
  /** Why connections that had carried other messages ended before this one was begun: what the server said, or what happened. */
  readonly reconnects: readonly string[];
}

interface Waiter {
  readonly resolve: (place: undefined) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The connections to one server: at most `pool` of them, each used for at most `maxMessages` messages.
 *
 * A server may end a connection that has carried messages (421, or without a word) before it takes the next one: that is its limit for a
 * connection and no failure of a message, which goes out over a new one. What the new one is told counts.
 */
class SmtpPool {
  readonly #settings: ResolvedSmtpConnection;
  readonly #guard: AddressGuard;
  /** Open, and carrying nothing; the last one was used last. */
  readonly #idle: SmtpSession[] = [];
  readonly #timers = new Map<SmtpSession, NodeJS.Timeout>();
  /** Messages that have a place, which is a connection or the right to open one. */
  #taken = 0;
  readonly #busy = new Set<AbortController>();
  readonly #waiting: Waiter[] = [];
  #isRetired = false;

  constructor(settings: ResolvedSmtpConnection, guard: AddressGuard) {
    this.#settings = settings;
    this.#guard = guard;
  }

  /** @throws NodemailerError, a system's error, `NoUtf8Error`, or the reason of `signal` */
  async send(message: OutgoingMessage, signal: AbortSignal): Promise<SentMessage> {
    signal.throwIfAborted();
    if (this.#taken < this.#settings.pool) this.#taken++;
    else await this.#place(signal);
    const forced = new AbortController();
    this.#busy.add(forced);
    try {
      return await this.#sendAtPlace(message, AbortSignal.any([signal, forced.signal]));
    } finally {
      this.#busy.delete(forced);
      // The place goes over to the one that has waited longest.
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken--;
      else next.resolve(undefined);
    }
  }

  /** Settings have changed: what it has to send continues to its end, and then its connections close. */
  retire(): void {
    this.#isRetired = true;
    for (const session of this.#idle.splice(0)) this.#drop(session, 'quit');
  }

  /** Closes all connections, those in the middle of a message too. */
  close(): void {
    this.#isRetired = true;
    for (const session of this.#idle.splice(0)) this.#drop(session, 'close');
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connections were closed'));
    for (const forced of this.#busy) forced.abort(new Error('the connections were closed'));
  }

  async #place(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const waiter: Waiter = { resolve, reject };
    const leave = (): void => {
      const index = this.#waiting.indexOf(waiter);
      if (index >= 0) this.#waiting.splice(index, 1);
      reject(signal.reason);
    };
    this.#waiting.push(waiter);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async #sendAtPlace(message: OutgoingMessage, signal: AbortSignal): Promise<SentMessage> {
    const reconnects: string[] = [];
    const used = this.#takeIdle();
    if (used !== undefined) {
      const content = message.content();
      try {
        return { ...(await this.#sendOver(used, message, content, signal)), reconnects };
      } catch (error) {
        if (signal.aborted || !(error instanceof Error) || content.readableDidRead || !endsConnection(error)) throw error;
        reconnects.push(saidBy(error));
      }
    }
    const session = await SmtpSession.open(this.#settings, this.#guard, signal);
    return { ...(await this.#sendOver(session, message, message.content(), signal)), reconnects };
  }

  async #sendOver(session: SmtpSession, message: OutgoingMessage, content: Readable, signal: AbortSignal): Promise<SmtpReplies> {
    if (message.needsUtf8 && !session.takesUtf8) {
      content.destroy();
      this.#giveBack(session);
      throw new NoUtf8Error();
    }
    try {
      const replies = await session.send(message.envelope, content, signal);
      this.#giveBack(session);
      return replies;
    } catch (error) {
      // Nobody reads the rest of it, and a stream that ends early must not be an error that nobody hears.
      content.on('error', () => {});
      content.destroy();
      if (error instanceof Error && !endsConnection(error) && (await session.reset())) this.#giveBack(session);
      else session.close();
      throw error;
    }
  }

  #takeIdle(): SmtpSession | undefined {
    for (let session = this.#idle.pop(); session !== undefined; session = this.#idle.pop()) {
      clearTimeout(this.#timers.get(session));
      this.#timers.delete(session);
      if (session.isOpen) return session;
    }
    return undefined;
  }

  #giveBack(session: SmtpSession): void {
    if (!session.isOpen) return;
    if (this.#isRetired || session.messages >= this.#settings.maxMessages) {
      session.quit();
      return;
    }
    this.#idle.push(session);
    const timer = setTimeout(() => {
      this.#idle.splice(this.#idle.indexOf(session), 1);
      this.#drop(session, 'quit');
    }, idleTimeoutMs);
    timer.unref();
    this.#timers.set(session, timer);
  }

  #drop(session: SmtpSession, how: 'quit' | 'close'): void {
    clearTimeout(this.#timers.get(session));
    this.#timers.delete(session);
    if (how === 'quit') session.quit();
    else session.close();
  }
}

/** Whether it is the connection that ended, and no message that was refused: a 421 announces that (RFC 5321, 4.2.1). */
function endsConnection(error: NodemailerError): boolean {
  return error.responseCode === 421 || error.responseCode === undefined || (error.code !== 'EENVELOPE' && error.code !== 'EMESSAGE');
}

function saidBy(error: NodemailerError): string {
  return typeof error.response === 'string' && error.response !== '' ? error.response.slice(0, 500) : error.message.slice(0, 500);
}

/** One pool of SMTP connections for each connection of `connections.yaml`, made at first use and again when its settings change. */
export class SmtpPools {
  readonly #guard: AddressGuard;
  readonly #pools = new Map<string, { readonly settings: string; readonly pool: SmtpPool }>();

  constructor(guard: AddressGuard) {
    this.#guard = guard;
  }

  get(connection: ResolvedSmtpConnection): SmtpPool {
    const settings = digest(connection);
    const known = this.#pools.get(connection.name);
    if (known?.settings === settings) return known.pool;
    known?.pool.retire();
    const pool = new SmtpPool(connection, this.#guard);
    this.#pools.set(connection.name, { settings, pool });
    return pool;
  }

  /** Closes all connections, those in the middle of a message too. Idempotent. */
  stop(): void {
    for (const { pool } of this.#pools.values()) pool.close();
    this.#pools.clear();
  }
}

/** Tells settings apart without keeping the password again. */
function digest({ host, port, tls, user, password, ca, pool, maxMessages }: ResolvedSmtpConnection): string {
  return createHash('sha256').update(JSON.stringify([host, port, tls, user ?? null, password ?? null, ca ?? null, pool, maxMessages])).digest('base64');
}
