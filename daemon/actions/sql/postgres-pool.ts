import { createHash } from 'node:crypto';
import pg from 'pg';
import { type PostgresPlace, readPostgresUrl } from '../../../schemas/workflow/sql/postgres-url.ts';
import type { Message } from '../../../schemas/wording/message.ts';
import type { ResolvedPostgresConnection } from '../action.ts';
import type { AddressGuard } from '../address-guard.ts';
import { connectTimeoutMs, guardedSocket } from '../guarded-connector.ts';
import { trustedAuthorities } from '../network-settings.ts';

/** A connection that has had nothing to do for so long is closed, in milliseconds. */
const idleMs = 30_000;

/** With its settings in it: the pool would hide the password from a copy of its own, and its limit for connecting would count the wait for a free connection. */
function clientOf(settings: pg.ClientConfig): typeof pg.Client {
  return class extends pg.Client {
    constructor() {
      super({ ...settings, connectionTimeoutMillis: connectTimeoutMs });
      // Whatever waits for a connection that is lost is told; nobody listens for it after that, and an error that nobody hears would end the daemon.
      this.on('error', ignore);
    }
  };
}

/** What the driver's types leave out: its own way to cancel is for a query that it has sent itself, and for connections without TLS. */
interface ClientInside {
  readonly processID: number | null;
  readonly secretKey: number | null;
}

interface ConnectionInside {
  on(event: 'connect' | 'sslconnect' | 'error', listener: () => void): void;
  connect(port: number | undefined, host: string | undefined): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
}

/** The connections to one database. */
export class PostgresPool {
  readonly peer: string;
  readonly #settings: pg.ClientConfig;
  readonly #pool: pg.Pool;
  readonly #used = new Set<pg.PoolClient>();

  constructor(place: PostgresPlace, { pool, authorities, guard }: { readonly pool: number; readonly authorities: readonly string[] | undefined; readonly guard: AddressGuard }) {
    const { host, port, user, password, database } = place;
    this.peer = `${host}:${port}`;
    this.#settings = {
      host,
      port,
      user,
      // As a function: without a password, the driver would look for one in the environment and in `~/.pgpass`.
      password: () => password,
      database,
      ssl: tlsOf(place, authorities),
      stream: () => guardedSocket(guard),
      enableChannelBinding: place.bindsChannel,
      application_name: 'sluice',
      keepAlive: true,
    };
    this.#pool = new pg.Pool({ max: pool, idleTimeoutMillis: idleMs, Client: clientOf(this.#settings) });
    // Of a connection that nobody uses: the pool makes another one.
    this.#pool.on('error', () => {});
  }

  /** A connection, once one is free; given back by `release`. @throws as the driver does, or the reason of `signal` */
  async take(signal: AbortSignal): Promise<pg.PoolClient> {
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const taking = this.#pool.connect();
    try {
      const client = await Promise.race([taking, aborted]);
      this.#used.add(client);
      return client;
    } catch (error) {
      if (signal.aborted) taking.then((client) => client.release(), ignore);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      aborted.catch(ignore);
    }
  }

  /** `isSpent`: nothing else is to be done over it. */
  release(client: pg.PoolClient, isSpent: boolean): void {
    this.#used.delete(client);
    client.release(isSpent);
  }

  /** Asks the server, over a connection of its own, to end what a client waits for. Whether it does is told there. */
  cancel(client: pg.PoolClient): void {
    const { processID, secretKey } = client as unknown as ClientInside;
    // It has not been told them yet.
    if (processID === null || secretKey === null) return;
    const connection = new pg.Client({ ...this.#settings, password: '' }).connection as unknown as ConnectionInside;
    const ask = (): void => connection.cancel(processID, secretKey);
    connection.on('connect', () => (this.#settings.ssl === false ? ask() : connection.requestSsl()));
    connection.on('sslconnect', ask);
    connection.on('error', ignore);
    connection.connect(this.#settings.port, this.#settings.host);
  }

  /** What is under way continues to its end. */
  retire(): void {
    void this.#pool.end().catch(ignore);
  }

  close(): void {
    this.retire();
    for (const client of this.#used) client.connection.stream.destroy();
  }
}

function ignore(): void {}

function tlsOf({ tls }: PostgresPlace, authorities: readonly string[] | undefined): pg.ClientConfig['ssl'] {
  const trusted = authorities === undefined ? {} : { ca: [...authorities] };
  switch (tls) {
    case 'none':
      return false;
    case 'unverified':
      return { rejectUnauthorized: false };
    case 'verified':
      return trusted;
    case 'unsaid':
      return authorities === undefined ? false : trusted;
  }
}

/** One pool for each connection of `connections.yaml`, made at first use and again when its settings change. */
export class PostgresPools {
  readonly #guard: AddressGuard;
  readonly #pools = new Map<string, { readonly settings: string; readonly pool: PostgresPool }>();

  constructor(guard: AddressGuard) {
    this.#guard = guard;
  }

  /** @throws AuthorityError where the file of certificates can't be read */
  async get({ name, url, ca, pool }: ResolvedPostgresConnection): Promise<PostgresPool | { readonly problem: Message }> {
    const place = readPostgresUrl(url);
    if ('problem' in place) return place;
    const authorities = ca === undefined ? undefined : await trustedAuthorities(ca);
    const settings = createHash('sha256').update(JSON.stringify([url, pool, authorities ?? null])).digest('base64');
    const known = this.#pools.get(name);
    if (known?.settings === settings) return known.pool;
    known?.pool.retire();
    const made = new PostgresPool(place, { pool, authorities, guard: this.#guard });
    this.#pools.set(name, { settings, pool: made });
    return made;
  }

  /** Ends what is under way too. Idempotent. */
  stop(): void {
    for (const { pool } of this.#pools.values()) pool.close();
    this.#pools.clear();
  }
}
