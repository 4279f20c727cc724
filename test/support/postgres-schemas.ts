import { existsSync } from 'node:fs';
import pg from 'pg';
import { PostgresStore, type PostgresOptions } from '../../daemon/store/postgres/postgres-store.ts';
import type { Store } from '../../daemon/store/store.ts';
import { suiteLinkKey } from './store-suite/suite-links.ts';

/** A schema, and the folder whose store is in it. */
interface Place {
  readonly schema: string;
  folder: string;
  readonly open: Set<PostgresStore>;
}

/**
 * Stores on Postgres for folders of tests, a schema for each. A schema whose folder is gone is emptied and used again: to make its hundred tables and indexes takes longer than
 * most tests, and to delete their files as well. Calls resolve when all stores that are open on the same tables have heard of them.
 */
export class PostgresSchemas {
  readonly #url: string;
  readonly #places: Place[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  store(folder: string, { daemon = 'one', ...options }: Partial<Omit<PostgresOptions, 'schema'>> = {}): Store {
    const known = this.#places.find((place) => place.folder === folder);
    const free = known === undefined ? this.#places.find((place) => place.open.size === 0 && !existsSync(place.folder)) : undefined;
    const place = known ?? free ?? { schema: `store_${this.#places.length + 1}`, folder, open: new Set() };
    if (known === undefined && free === undefined) this.#places.push(place);
    place.folder = folder;
    const store = new PostgresStore({ url: this.#url, schema: place.schema, daemon, linkKey: suiteLinkKey, hasServerClock: false, ...options });
    place.open.add(store);
    return heardByAll(store, place.open, free === undefined ? undefined : () => this.#empty(place.schema));
  }

  /** The same as just made. */
  async #empty(schema: string): Promise<void> {
    const client = new pg.Client(this.#url);
    await client.connect();
    try {
      await client.query(`DO $$
        DECLARE found record;
        BEGIN
          FOR found IN SELECT c.relname AS name, c.relkind AS kind FROM pg_class c WHERE c.relnamespace = '${schema}'::regnamespace AND c.relkind IN ('r', 'S') LOOP
            IF found.kind = 'S' THEN PERFORM setval(format('${schema}.%I', found.name), 1, false);
            ELSIF found.name = 'meta' THEN DELETE FROM ${schema}.meta WHERE key <> 'version';
            ELSE EXECUTE format('DELETE FROM ${schema}.%I', found.name);
            END IF;
          END LOOP;
        END $$`);
    } finally {
      await client.end();
    }
  }
}

function heardByAll(store: PostgresStore, peers: Set<PostgresStore>, prepare?: () => Promise<void>): Store {
  const whenHeard = async <Value>(value: Value): Promise<Value> => {
    for (const peer of peers) if (peer !== store) await peer.hear();
    return value;
  };
  return new Proxy<Store>(store, {
    get(_target, name) {
      const member: unknown = Reflect.get(store, name, store);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        if (name === 'close') peers.delete(store);
        if (name === 'open' && prepare !== undefined) return prepare().then(() => Reflect.apply(member, store, given) as Promise<unknown>);
        const result: unknown = Reflect.apply(member, store, given);
        if (name === 'settle') {
          const settlement = result as ReturnType<Store['settle']>;
          return { ...settlement, stored: settlement.stored.then(whenHeard) };
        }
        return result instanceof Promise ? result.then(whenHeard) : result;
      };
    },
  });
}
