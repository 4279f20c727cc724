import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { NodemailerError } from 'nodemailer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { ResolvedSmtpConnection } from './action.ts';
import type { AddressGuard } from './address-guard.ts';
import { trustedAuthorities } from './network-settings.ts';
import { connectGuarded, connectTimeoutMs } from './guarded-connector.ts';

const greetingTimeoutMs = 30_000;

export interface SmtpEnvelope {
  readonly from: string;
  readonly to: readonly string[];
}

/** What a server made of a message that it took, or of the recipients of one that it refused. */
export interface SmtpReplies {
  /** The recipients that it took, as they are in the envelope. */
  readonly accepted: readonly string[];
  readonly refused: readonly RefusedRecipient[];
  /** Its last reply. */
  readonly response: string;
}

export interface RefusedRecipient {
  readonly recipient: string;
  /** 4yz: put off; 5yz: refused for good (RFC 5321, 4.2.1). */
  readonly status: number;
  readonly reply: string;
}

/** One connection to an SMTP server: greeted, encrypted and logged in, as its settings ask. */
export class SmtpSession {
  readonly #connection: SMTPConnection;
  /** Messages that were begun on it. */
  messages = 0;
  /** Whether the server takes addresses with other characters than ASCII before the `@` (RFC 6531). */
  readonly takesUtf8: boolean;

  private constructor(connection: SMTPConnection, takesUtf8: boolean) {
    this.#connection = connection;
    this.takesUtf8 = takesUtf8;
    // An error of a connection that carries nothing; while it carries a message, `send` tells it.
    connection.on('error', () => {});
  }

  /** @throws NodemailerError, a system's error, or AuthorityError */
  static async open(settings: ResolvedSmtpConnection, guard: AddressGuard, signal: AbortSignal): Promise<SmtpSession> {
    const { host, port, tls, user, password, ca } = settings;
    const trusted = ca === undefined ? {} : { tls: { ca: await trustedAuthorities(ca) } };
    const socket = await openSocket(guard, host, port, signal);
    const connection = new SMTPConnection({
      host,
      port,
      connection: socket,
      secure: tls === 'tls',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      ...trusted,
      connectionTimeout: connectTimeoutMs,
      greetingTimeout: greetingTimeoutMs,
      // An aborted attempt leaves no socket half open behind it.
      socketCloseTimeout: 0,
    });
    const abort = (): void => connection.close();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await untilDone(connection, (done) => connection.connect(done));
      const takesUtf8 = /^250[ -]SMTPUTF8\b/im.test(connection.lastServerResponse || '');
      if (user !== undefined && connection.allowsAuth) {
        await untilDone(connection, (done) => connection.login({ user, credentials: { user, pass: password ?? '' } }, done));
      }
      signal.throwIfAborted();
      return new SmtpSession(connection, takesUtf8);
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** What the server has said last. */
  get lastReply(): string {
    return (this.#connection.lastServerResponse || '').trim();
  }

  get isOpen(): boolean {
    return !this.#connection.destroyed;
  }

  /** Calls back when it has closed; the function that is returned takes that back. */
  onClose(listener: () => void): () => void {
    this.#connection.once('end', listener);
    return () => this.#connection.off('end', listener);
  }

  /**
   * Sends one message. A server that refuses every recipient, the sender or the content is an error with its reply.
   *
   * @throws NodemailerError
   */
  async send(envelope: SmtpEnvelope, content: Readable, signal: AbortSignal): Promise<SmtpReplies> {
    this.messages++;
    const abort = (): void => this.close();
    signal.addEventListener('abort', abort, { once: true });
    const { promise, resolve, reject } = Promise.withResolvers<SmtpReplies>();
    // Where the server says why it closes, that error comes in the same turn, after this event.
    const ignoreClose = this.onClose(() => setImmediate(() => reject(closedError())));
    try {
      signal.throwIfAborted();
      this.#connection.send({ from: envelope.from, to: [...envelope.to] }, content, (error, info) => {
        if (error !== null) reject(error);
        else resolve({ accepted: info.accepted, refused: refusedRecipients(info.rejectedErrors), response: info.response });
      });
      return await promise;
    } finally {
      ignoreClose();
      signal.removeEventListener('abort', abort);
    }
  }

  /** After a refusal: the server forgets the message. False when the session is of no more use. */
  async reset(): Promise<boolean> {
    if (!this.isOpen) return false;
    try {
      await untilDone(this.#connection, (done) => this.#connection.reset(done));
      return this.isOpen;
    } catch {
      return false;
    }
  }

  /** Says goodbye first. */
  quit(): void {
    this.#connection.quit();
  }

  close(): void {
    this.#connection.close();
  }
}

/** Whom the server refused, of an error or a success. */
export function refusedRecipients(errors: readonly NodemailerError[] | undefined): RefusedRecipient[] {
  return (errors ?? []).map((error) => ({
    recipient: 'recipient' in error && typeof error.recipient === 'string' ? error.recipient : '',
    status: error.responseCode ?? 0,
    reply: error.response ?? error.message,
  }));
}

function openSocket(guard: AddressGuard, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const abort = (): void => reject(new Error('aborted'));
  signal.addEventListener('abort', abort, { once: true });
  connectGuarded(guard, host, port, (error, socket) => {
    signal.removeEventListener('abort', abort);
    if (socket === null) reject(error ?? new Error('no connection'));
    else if (signal.aborted) socket.destroy();
    else resolve(socket);
  });
  return promise;
}

/** Runs a command whose failure may come by its callback, as an event, or as nothing but the end of the connection. */
async function untilDone(connection: SMTPConnection, run: (done: (error?: NodemailerError | null) => void) => void): Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  const done = new Promise<void>((resolve, reject) => {
    run((error) => {
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
  });
  // `once` rejects by itself on an `error` event.
  const closed = once(connection, 'end', { signal }).then(() => {
    throw closedError();
  });
  try {
    await Promise.race([done, closed]);
  } finally {
    closed.catch(() => {});
    done.catch(() => {});
    ended.abort();
  }
}

function closedError(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ECONNECTION' });
}
