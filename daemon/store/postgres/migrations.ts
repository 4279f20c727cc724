import { createHash } from 'node:crypto';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { message, type Message } from '../../../schemas/wording/message.ts';
import { leaseMs } from '../../ledger/daemons.ts';
import { alertBooksTable, connectionLimitTables, connectionTokensTable, declarationsTable, itemTables, loneTransactionsSequence, pagesColumn, schemaVersion1 } from './schema.ts';
import { identifier, type Session } from './session.ts';
import type { StorePlace } from './store-error.ts';

/** Brings the tables from one version to the next. */
export interface Migration {
  readonly sql: string;
  /**
   * The oldest version of the tables whose Sluice can work with these as well: during an upgrade, daemons of both versions share the store. Columns with a default, tables and
   * indexes that only the newer one uses leave it as it was; whatever changes what the older one reads or writes raises it to the number of this version.
   */
  readonly oldest: number;
}

/** Each leads from the version of its place to the next; what has been released is never changed. */
export const migrations: readonly Migration[] = [
  { sql: schemaVersion1, oldest: 1 },
  // What daemons say of themselves, and which copy of a machine has a place.
  { sql: "ALTER TABLE daemons ADD COLUMN about text, ADD COLUMN occupant text NOT NULL DEFAULT ''", oldest: 1 },
  { sql: declarationsTable, oldest: 1 },
  { sql: connectionTokensTable, oldest: 1 },
  { sql: itemTables, oldest: 1 },
  // How the file of a step's items is read, and what it turned out to be.
  { sql: 'ALTER TABLE steps ADD COLUMN file_format text', oldest: 1 },
  // Daemons remember what they have under way until somebody takes a number: an older Sluice takes none.
  { sql: loneTransactionsSequence, oldest: 7 },
  // A daemon that knows nothing of pages would end a step with its first one.
  { sql: pagesColumn, oldest: 8 },
  // A daemon that knows no receivers tells none; the one that leads next does.
  { sql: alertBooksTable, oldest: 8 },
  // A daemon that knows nothing of them would start jobs of a connection beyond its limits.
  { sql: connectionLimitTables, oldest: 10 },
];

/** As `server_version_num` has it. */
const oldestServer = 130_000;

/** The number of the lock of a project: every transaction that writes has a share of it, or has it alone. Locks with numbers are of a database, which several projects can share. */
export function lockOf(schema: string): string {
  return createHash('sha256').update(`sluice ${schema}`).digest().readBigInt64BE(0).toString();
}

/**
 * Makes the tables, or brings them up to date: alone, while no daemon has a transaction, and all of it or nothing. Tables of a newer version are left as they are; whether they can be
 * used is looked at when a daemon takes its place.
 *
 * @throws CodedError `store-unavailable` if the server, its database or the tables can't be used by this Sluice
 */
export async function migrate(session: Session, place: StorePlace, steps: readonly Migration[] = migrations): Promise<void> {
  const [server] = await session.rows("SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding");
  if (Number(server?.['version']) < oldestServer) throw unavailable(message('The server {server} is Postgres {version}. The store needs Postgres 13 or newer.', { server: place.server, version: Math.floor(Number(server?.['version']) / 10_000) }));
  if (server?.['encoding'] !== 'UTF8') throw unavailable(message('The database of {server} keeps texts as {encoding}. The store needs one that was made with the encoding UTF8.', { server: place.server, encoding: String(server?.['encoding']) }));
  if ((await versionOf(session, place.schema)) >= steps.length) return;
  await session.exec(`BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(${lockOf(place.schema)})`);
  try {
    const version = await versionOf(session, place.schema);
    const schema = identifier(place.schema);
    // Made only where it is missing: who may use a schema that a person has made may not make others.
    const [known] = await session.rows('SELECT 1 FROM pg_namespace WHERE nspname = $1', [place.schema]);
    if (known === undefined) await session.exec(`CREATE SCHEMA ${schema}`);
    await session.exec(`SET LOCAL search_path TO ${schema}`);
    const missing = steps.slice(version);
    const oldest = Math.max(1, ...missing.map((step) => step.oldest));
    if (version > 0) await assertNobodyOlder(session, place, { version, oldest, target: steps.length });
    for (const { sql } of missing) await session.exec(sql);
    // A newer Sluice may have been here between the two looks at the version.
    if (missing.length > 0) {
      await session.run("INSERT INTO meta (key, value) VALUES ('version', $1), ('oldest', $2) ON CONFLICT (key) DO UPDATE SET value = greatest(excluded.value::int, meta.value::int)::text", [String(steps.length), String(oldest)]);
    }
    await session.exec('COMMIT');
  } catch (error) {
    await session.exec('ROLLBACK').catch(() => {});
    throw error;
  }
}

/**
 * The tables must not change under daemons that couldn't work with them as they are then.
 *
 * @throws CodedError `store-unavailable` while there are such, which can be waited for
 */
async function assertNobodyOlder(session: Session, { server }: StorePlace, { version, oldest, target }: { readonly version: number; readonly oldest: number; readonly target: number }): Promise<void> {
  // As JSON, since the first version had no column for it.
  const older = await session.rows(
    `SELECT name FROM daemons d WHERE NOT closed AND seen_at > extract(epoch FROM clock_timestamp()) * 1000 - $1::bigint AND coalesce(((to_jsonb(d)->>'about')::jsonb->>'storeVersion')::int, 1) < $2::bigint ORDER BY id`,
    [leaseMs, oldest],
  );
  if (older.length === 0) return;
  throw new CodedError(
    'store-unavailable',
    message('{count, plural, =1 {The store on {server} has version {version}. This Sluice needs version {target}, with which an older Sluice that still shares it can not work: {names}. Stop it; this daemon waits for that, and begins by itself.} other {The store on {server} has version {version}. This Sluice needs version {target}, with which # daemons of an older Sluice that still share it can not work: {names}. Stop them; this daemon waits for that, and begins by itself.}}', {
      count: older.length, server, version, target, names: older.map(({ name }) => String(name)).join(', '),
    }),
    { away: true },
  );
}

/** 0: there is none. */
export async function versionOf(session: Session, schema: string): Promise<number> {
  const [found] = await session.rows('SELECT to_regclass($1) IS NOT NULL AS there', [`${identifier(schema)}.meta`]);
  if (found?.['there'] !== true) return 0;
  const [row] = await session.rows(`SELECT value FROM ${identifier(schema)}.meta WHERE key = 'version'`);
  return Number(row?.['value'] ?? 0);
}

function unavailable(told: Message): CodedError {
  return new CodedError('store-unavailable', told);
}
