import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createTransport, type SMTPPoolOptions } from 'nodemailer';
import type { ResolvedConnection } from './action.ts';
import type { AddressGuard } from './address-guard.ts';
import type { EmailMessage } from './email-message.ts';
import { connectGuarded, connectTimeoutMs } from './guarded-connector.ts';

/**
 * An open connection that sends nothing for this long is closed, in milliseconds: sooner than servers do, so that none
 * is closed under a message.
 */
const idleTimeoutMs = 30_000;
const greetingTimeoutMs = 30_000;

export type SmtpTransport = ReturnType<typeof createPool>;

/**
 * One pool of SMTP connections for each connection of `connections.yaml`, made at first use and anew when its settings
 * change.
 */
export class SmtpTransports {
  readonly #guard: AddressGuard;
  readonly #pools = new Map<string, { readonly settings: string; readonly transport: SmtpTransport }>();

  constructor(guard: AddressGuard) {
    this.#guard = guard;
  }

  get(connection: ResolvedConnection): SmtpTransport {
    const settings = digest(connection);
    const pooled = this.#pools.get(connection.name);
    if (pooled?.settings === settings) return pooled.transport;
    // What the old pool is sending goes on to its end.
    pooled?.transport.close();
    const transport = createPool(connection, this.#guard);
    this.#pools.set(connection.name, { settings, transport });
    return transport;
  }

  /** Closes all connections, those in the middle of a message too. Idempotent. */
  stop(): void {
    for (const { transport } of this.#pools.values()) transport.close({ force: true });
    this.#pools.clear();
  }
}

function createPool(connection: ResolvedConnection, guard: AddressGuard) {
  const { host, port, tls, user, password, pool } = connection;
  const options: SMTPPoolOptions & { pool: true } = {
    pool: true,
    host,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    maxConnections: pool,
    // Repeating is the engine's business, which writes each attempt down before it starts.
    maxRequeues: 0,
    idleTimeout: idleTimeoutMs,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: greetingTimeoutMs,
    // An aborted attempt leaves no socket half open behind it.
    socketCloseTimeout: 0,
    disableFileAccess: true,
    disableUrlAccess: true,
    getSocket: (_options, callback) => {
      connectGuarded(guard, host, port, (error, socket) => {
        if (socket === null) callback(error);
        else callback(null, { connection: socket });
      });
    },
  };
  const transport = createTransport(options);
  transport.use('stream', (mail, done) => {
    const { depart } = mail.data as EmailMessage;
    if (depart !== undefined) mail.message.processFunc((content) => Readable.from(departing(content, depart), { objectMode: false }));
    done();
  });
  return transport;
}

/**
 * A message's content that isn't there before the rate lets it leave. The server asks for it when the connection stands, and has
 * agreed to sender and recipients; it counts a message when it has the whole of it.
 */
async function* departing(content: Readable, depart: () => Promise<void>): AsyncGenerator<Buffer> {
  await depart();
  yield* content as AsyncIterable<Buffer>;
}

/** Tells settings apart without keeping the password once more. */
function digest({ host, port, tls, user, password, pool }: ResolvedConnection): string {
  return createHash('sha256').update(JSON.stringify([host, port, tls, user ?? null, password ?? null, pool])).digest('base64');
}
