import { createHash } from 'node:crypto';
import type { ResolvedConnection } from './action.ts';
import type { AddressGuard } from './address-guard.ts';
import { SmtpPool } from './smtp-pool.ts';

/** One pool of SMTP connections for each connection of `connections.yaml`, made at first use and again when its settings change. */
export class SmtpPools {
  readonly #guard: AddressGuard;
  readonly #pools = new Map<string, { readonly settings: string; readonly pool: SmtpPool }>();

  constructor(guard: AddressGuard) {
    this.#guard = guard;
  }

  get(connection: ResolvedConnection): SmtpPool {
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

/** Tells settings apart without keeping the password once more. */
function digest({ host, port, tls, user, password, ca, pool, maxMessages }: ResolvedConnection): string {
  return createHash('sha256').update(JSON.stringify([host, port, tls, user ?? null, password ?? null, ca ?? null, pool, maxMessages])).digest('base64');
}
