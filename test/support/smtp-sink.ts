import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerAuthentication, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { Countdown } from './countdown.ts';
import { testCertificate } from './test-certificate.ts';

export interface SinkMail {
  /** When it was taken, in milliseconds since the epoch, with fractions. */
  readonly at: number;
  /** Of the envelope. */
  readonly from: string;
  readonly to: readonly string[];
  /** Names in lower case, folded lines joined, the last of several; encoded words as they stand. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole message, or its headers only, where the sink doesn't keep bodies. */
  readonly source: string;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  readonly user?: string;
}

/** At which command a script may speak; `data` comes after the whole message. */
export interface SmtpMoment {
  readonly stage: 'connect' | 'auth' | 'mail' | 'rcpt' | 'data';
  /** The address of `mail` and `rcpt`, the user of `auth`; otherwise empty. */
  readonly subject: string;
  /** How often this stage was reached before, with this subject. */
  readonly earlier: number;
}

/** An answer other than yes. `hang`: none; `close`: the connection is closed without one. */
export type SmtpReply = { readonly code: number; readonly text: string } | 'hang' | 'close';

export interface SmtpSinkOptions {
  /** What to answer; undefined says yes. May be replaced at any time through `script`. */
  readonly script?: (moment: SmtpMoment) => SmtpReply | undefined;
  /** `starttls` offers it; `tls` speaks it from the first byte. `none` by default. */
  readonly tls?: 'none' | 'starttls' | 'tls';
  /** Asks for this user and password; nobody has to log in if it is missing. */
  readonly auth?: { readonly user: string; readonly password: string };
  /** Whether it takes addresses with other characters than ASCII before the `@`. On by default. */
  readonly utf8?: boolean;
  /** Off for runs of many thousands of messages. On by default. */
  readonly keepBodies?: boolean;
  /** 0, a free one, by default. */
  readonly port?: number;
}

/** A real SMTP server on loopback that records messages, and when they came, and answers as it is told to. */
export class SmtpSink {
  readonly mails: SinkMail[] = [];
  script: (moment: SmtpMoment) => SmtpReply | undefined;
  readonly #server: SMTPServer;
  readonly #port: number;
  readonly #keepBodies: boolean;
  readonly #auth: SmtpSinkOptions['auth'];
  readonly #moments = new Map<string, number>();
  readonly #arrived = new Countdown();
  readonly #disconnected = new Countdown();
  readonly #reached = new Map<SmtpMoment['stage'], Countdown>();
  #connections = 0;
  #listening = false;

  constructor({ script = () => undefined, tls = 'none', auth, utf8 = true, keepBodies = true, port = 0 }: SmtpSinkOptions = {}) {
    this.script = script;
    this.#auth = auth;
    this.#keepBodies = keepBodies;
    this.#port = port;
    this.#server = new SMTPServer({
      ...testCertificate,
      secure: tls === 'tls',
      disabledCommands: [...(tls === 'starttls' ? [] : ['STARTTLS']), ...(auth === undefined ? ['AUTH'] : [])],
      hideSMTPUTF8: !utf8,
      authOptional: auth === undefined,
      allowInsecureAuth: true,
      disableReverseLookup: true,
      logger: false,
      closeTimeout: 1,
      onConnect: (session, callback) => {
        this.#connections++;
        this.#play('connect', '', session, callback);
      },
      onAuth: (login, session, callback) => {
        this.#play('auth', login.username ?? '', session, (error) => {
          if (error instanceof Error) callback(error);
          else this.#logIn(login, callback);
        });
      },
      onMailFrom: ({ address }, session, callback) => this.#play('mail', address, session, callback),
      onRcptTo: ({ address }, session, callback) => this.#play('rcpt', address, session, callback),
      onData: (stream, session, callback) => this.#receive(stream, session, callback),
      onClose: () => this.#disconnected.tick(),
    });
    // A client that goes away in the middle is what some tests are about.
    this.#server.on('error', () => {});
  }

  /** Listens on 127.0.0.1. */
  async start(): Promise<{ readonly host: string; readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#listening = true;
    const { port } = this.#server.server.address() as AddressInfo;
    return { host: '127.0.0.1', port };
  }

  /** Closes all connections. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#listening) return;
    this.#listening = false;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Resolves as soon as `count` messages have been taken. */
  received(count: number): Promise<void> {
    return this.#arrived.reached(count);
  }

  /** Resolves as soon as `count` connections have closed. */
  disconnected(count: number): Promise<void> {
    return this.#disconnected.reached(count);
  }

  /** Resolves as soon as `stage` has been reached `count` times. */
  reached(stage: SmtpMoment['stage'], count: number): Promise<void> {
    return this.#countdown(stage).reached(count);
  }

  #countdown(stage: SmtpMoment['stage']): Countdown {
    const countdown = this.#reached.get(stage) ?? new Countdown();
    this.#reached.set(stage, countdown);
    return countdown;
  }

  #play(stage: SmtpMoment['stage'], subject: string, session: SMTPServerSession, callback: (error?: Error | null) => void): void {
    const key = `${stage} ${subject}`;
    const earlier = this.#moments.get(key) ?? 0;
    this.#moments.set(key, earlier + 1);
    this.#countdown(stage).tick();
    const reply = this.script({ stage, subject, earlier });
    if (reply === 'hang') return;
    if (reply === 'close') this.#drop(session);
    else if (reply === undefined) callback(null);
    else callback(Object.assign(new Error(reply.text), { responseCode: reply.code }));
  }

  #drop(session: SMTPServerSession): void {
    for (const connection of this.#server.connections) if (connection.session.id === session.id) connection.close();
  }

  #logIn({ username, password }: SMTPServerAuthentication, callback: (error: Error | null, response?: { user: string }) => void): void {
    const right = username === this.#auth?.user && password === this.#auth?.password;
    if (right) callback(null, { user: username ?? '' });
    else callback(Object.assign(new Error('5.7.8 Wrong user or password'), { responseCode: 535 }));
  }

  #receive(stream: SMTPServerDataStream, session: SMTPServerSession, callback: (error?: Error | null, message?: string) => void): void {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const source = Buffer.concat(chunks).toString('utf8');
      this.#play('data', '', session, (error) => {
        if (error instanceof Error) {
          callback(error);
          return;
        }
        this.#record(source, session);
        callback(null, `2.0.0 OK queued as ${this.mails.length}`);
        this.#arrived.tick();
      });
    });
  }

  #record(source: string, session: SMTPServerSession): void {
    const { mailFrom, rcptTo } = session.envelope;
    const head = source.slice(0, headEnd(source));
    this.mails.push({
      at: performance.timeOrigin + performance.now(),
      from: mailFrom === false ? '' : mailFrom.address,
      to: rcptTo.map(({ address }) => address),
      headers: readHeaders(head),
      source: this.#keepBodies ? source : head,
      secure: session.secure,
      ...(typeof session.user === 'string' ? { user: session.user } : {}),
    });
  }
}

function headEnd(source: string): number {
  const end = source.indexOf('\r\n\r\n');
  return end === -1 ? source.length : end;
}

function readHeaders(head: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}
