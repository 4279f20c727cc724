import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { Arrivals } from './arrivals.ts';
import type { Watch } from './watch.ts';

export interface Mail {
  /** When it was taken, in milliseconds since 1970 with fractions. */
  readonly at: number;
  readonly to: string;
  readonly subject: string;
  readonly messageId: string;
}

export interface MailServerOptions {
  readonly watch: Watch;
  /** The account's limit: messages that come beyond it are refused, and counted in `refusedByLimit`. */
  readonly limit: number;
  readonly perMs: number;
  /** Mailboxes that don't exist: 550, for good. */
  readonly isUnknown: (address: string) => boolean;
  /** Senders whose first try is put off: 451, as greylisting does. */
  readonly isGreylisted: (address: string) => boolean;
}

/** A real SMTP server on loopback, as an e-mail provider runs it: it limits, puts off and refuses, and keeps a record. */
export class MailServer {
  readonly mails: Mail[] = [];
  /** Every message that was begun, taken or not: what the limit counts. */
  readonly tries = new Arrivals();
  refusedByLimit = 0;
  putOff = 0;
  bounced = 0;
  readonly #options: MailServerOptions;
  readonly #seen = new Set<string>();
  readonly #server: SMTPServer;

  constructor(options: MailServerOptions) {
    this.#options = options;
    this.#server = new SMTPServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      logger: false,
      closeTimeout: 1,
      onMailFrom: (_address, _session, callback) => callback(this.#judgeRate()),
      onRcptTo: ({ address }, _session, callback) => callback(this.#judgeRecipient(address)),
      onData: (stream, session, callback) => this.#take(stream, session, callback),
    });
    // A client may go away in the middle of anything.
    this.#server.on('error', () => undefined);
  }

  /** Listens on 127.0.0.1; answers with the port. */
  async start(port = 0): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    return (this.#server.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #judgeRate(): Error | null {
    const { limit, perMs } = this.#options;
    const isTooMany = this.tries.add(perMs) > limit;
    if (isTooMany) this.refusedByLimit++;
    this.#options.watch.note();
    return isTooMany ? refusal(451, '4.7.1 You are sending too fast') : null;
  }

  #judgeRecipient(address: string): Error | null {
    const isFirst = !this.#seen.has(address);
    this.#seen.add(address);
    if (this.#options.isUnknown(address)) {
      this.bounced++;
      return refusal(550, '5.1.1 No such mailbox');
    }
    if (isFirst && this.#options.isGreylisted(address)) {
      this.putOff++;
      return refusal(451, '4.7.1 Greylisted, come back later');
    }
    return null;
  }

  #take(stream: SMTPServerDataStream, { envelope }: SMTPServerSession, callback: (error?: Error | null, message?: string) => void): void {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const head = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n', 1)[0] ?? '';
      this.mails.push({
        at: Arrivals.now(),
        to: envelope.rcptTo.map(({ address }) => address).join(', '),
        subject: headerOf(head, 'subject'),
        messageId: headerOf(head, 'message-id'),
      });
      callback(null, `2.0.0 OK queued as ${this.mails.length}`);
      this.#options.watch.note();
    });
  }
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

function headerOf(head: string, name: string): string {
  const line = head
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .find((one) => one.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim() ?? '';
}
