import { copyMarkKey, readMark, type StoreMark } from '../copy-mark.ts';
import { standingOf, type DaemonRow } from '../../ledger/daemons.ts';
import { lockOf, migrate, migrations, versionOf } from '../postgres/migrations.ts';
import { identifier, list, Session } from '../postgres/session.ts';
import { codedStoreError, placeOf, type StorePlace } from '../postgres/store-error.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { formatRunId } from '../../../schemas/protocol/id.ts';
import { message } from '../../../schemas/wording/message.ts';
import {
  metaTable,
  numbered,
  tablesOfSharing,
  type Cells,
  type Column,
  type CompleteParams,
  type CopyEnd,
  type HighestNumbers,
  type StoreIdentity,
  type Table,
} from './copy-end.ts';

/** Rows that are looked up and read at a time: at most so many, and of about so many bytes. */
const together = { found: 5000, rows: 1000, bytes: 2_000_000 } as const;
/** How long the other side of the copy may take over one step, such as bringing a large file to the disk, in milliseconds. */
const silentMs = 30 * 60_000;
/** How long the lock of the project is waited for, in milliseconds. */
const lockMs = 20_000;
/** What a call that a crash cut off may be on its way still, in milliseconds; see `RateWindow.guardMs`. */
const guardMs = 250;

/** What keeps a daemon out that had the store before. */
const ofFences: readonly string[] = ['commits', 'daemons'];

const kinds: Readonly<Record<string, Column['kind']>> = { bigint: 'integer', 'double precision': 'real', text: 'text' };
const types: Readonly<Record<Column['kind'], string>> = { integer: 'bigint', real: 'double precision', text: 'text' };

/** Sequences by the tables whose numbers they give. */
const sequences: Readonly<Record<(typeof numbered)[number], string>> = { runs: 'run_ids', steps: 'step_ids', jobs: 'job_ids', bulks: 'bulk_ids', deliveries: 'delivery_ids' };

/**
 * A store on Postgres. Everything from `open` to `complete` or `markMoved` is one transaction that has the project's lock alone, so it happens as a whole or not at all, whoever dies in
 * between.
 */
export class PostgresEnd implements CopyEnd {
  readonly name: string;
  readonly #place: StorePlace;
  readonly #url: string;
  readonly #daemon: string;
  #session: Session | undefined;
  #seat = 0;

  /** `daemon`: the name of the one that is of this folder, whose the rows are that are copied: it continues what the embedded store's had begun. */
  constructor({ url, schema, daemon }: { readonly url: string; readonly schema: string; readonly daemon: string }) {
    this.#url = url;
    this.#daemon = daemon;
    this.#place = placeOf(url, schema);
    this.name = `Postgres on ${this.#place.server}, schema ${schema}`;
  }

  get daemon(): number {
    return this.#seat;
  }

  get #open(): Session {
    if (this.#session === undefined) throw new Error('it is not open');
    return this.#session;
  }

  async open(as: 'source' | 'target'): Promise<void> {
    const session = await Session.connect({ url: this.#url, isPreparing: () => false });
    this.#session = session;
    if (as === 'source' && (await versionOf(session, this.#place.schema)) === 0) throw this.#empty();
    await migrate(session, this.#place);
    const version = await versionOf(session, this.#place.schema);
    if (version > migrations.length) throw new CodedError('store-unavailable', message('{store} has version {version}, made by a newer Sluice. This one knows versions up to {known}: copy it with the newer one.', { store: this.name, version, known: migrations.length }));
    await this.#begin();
    if (as === 'source' && (await this.mark())?.kind !== 'moved') {
      await this.#refuseOpenAttempts();
      await this.#refuseOpenFiles();
    }
  }

  /** How they ended may be known to the journal on the machine of their daemon alone (`attempt-journal.ts`): copied, they would be made again. */
  async #refuseOpenAttempts(): Promise<void> {
    const rows = await this.#open.rows("SELECT d.name, count(*) AS attempts FROM jobs j JOIN daemons d ON d.id = j.daemon WHERE j.state = 'active' AND NOT d.closed GROUP BY d.name ORDER BY d.name LIMIT 10");
    if (rows.length === 0) return;
    const daemons = rows.map(({ name, attempts }) => `${String(name)} (${String(attempts)})`).join(', ');
    throw new CodedError('wrong-state', message('Attempts were under way when daemons ended by a crash: {daemons}. How they ended may be noted on those machines alone: `sluice up` and `sluice down` there writes it down. If such a machine is gone, do that on any other: it closes its attempts as interrupted. Then copy.', { daemons }));
  }

  /** Their items are in tables that an embedded store doesn't have: it would read the file again, which may be another one by now. */
  async #refuseOpenFiles(): Promise<void> {
    const rows = await this.#open.rows("SELECT r.id FROM steps s JOIN runs r ON r.id = s.run_id WHERE s.state = 'running' AND s.expanded = 0 AND s.file IS NOT NULL ORDER BY r.id LIMIT 10");
    if (rows.length === 0) return;
    throw new CodedError('wrong-state', message('The items of a file have not all become jobs yet, in {runs}: run `sluice up` until they have, or cancel these runs. Then copy.', { runs: rows.map(({ id }) => formatRunId(Number(id))).join(', ') }));
  }

  async #begin(): Promise<void> {
    const session = this.#open;
    await session.exec(`BEGIN; SET LOCAL search_path TO ${identifier(this.#place.schema)}; SET LOCAL idle_in_transaction_session_timeout = ${silentMs}; SET LOCAL lock_timeout = ${lockMs}; SELECT pg_advisory_xact_lock(${lockOf(this.#place.schema)})`);
    // A person may have set limits that are meant for short transactions; the second is of Postgres 17.
    await session.rows("SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('statement_timeout', 'transaction_timeout')");
    const daemons = (await session.rows('SELECT id, name, seen_at FROM daemons WHERE NOT closed')) as unknown as readonly DaemonRow[];
    const { alive } = standingOf(daemons, await this.now());
    if (alive.length > 0) {
      throw new CodedError('wrong-state', message('{store} is in use by {daemons}: stop every daemon first, with `sluice down` on its machine. One that died counts as stopped after 30 seconds.', { store: this.name, daemons: alive.map(({ name }) => name).join(', ') }));
    }
  }

  async mark(): Promise<StoreMark | undefined> {
    const [row] = await this.#open.rows('SELECT value FROM meta WHERE key = $1', [copyMarkKey]);
    return readMark(row?.['value']);
  }

  async now(): Promise<number> {
    const [row] = await this.#open.rows('SELECT extract(epoch FROM clock_timestamp())::double precision * 1000 AS now');
    return Number(row?.['now']);
  }

  async tables(): Promise<readonly Table[]> {
    const rows = await this.#open.rows('SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = $1 ORDER BY table_name, ordinal_position', [this.#place.schema]);
    const byTable = Map.groupBy(rows, (row) => String(row['table_name']));
    return [...byTable].flatMap(([name, columns]) => (name === metaTable || tablesOfSharing.includes(name) ? [] : [{ name, columns: columns.map((row) => ({ name: String(row['column_name']), kind: kindOf(String(row['data_type'])) })) }]));
  }

  async counts(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const { name } of await this.tables()) {
      const [row] = await this.#open.rows(`SELECT count(*) AS n FROM ${identifier(name)}`);
      const count = Number(row?.['n']);
      if (count > 0) counts.set(name, count);
    }
    return counts;
  }

  /** Where its rows are and how large they are is looked up first: a thousand of them may be a few kilobytes, or gigabytes. */
  async *read({ name, columns }: Table): AsyncIterable<readonly Cells[]> {
    const session = this.#open;
    const table = identifier(name);
    const bytes = columns.filter(({ kind }) => kind === 'text').map((column) => `coalesce(octet_length(${identifier(column.name)}), 0)`);
    await session.exec(`DECLARE copied NO SCROLL CURSOR FOR SELECT ctid::text, ${bytes.length === 0 ? '0' : bytes.join(' + ')} FROM ${table}`);
    for (;;) {
      const found = await session.values(`FETCH ${together.found} FROM copied`);
      if (found.length === 0) break;
      for (const places of portions(found.map(([place, size]) => ({ place: String(place), bytes: Number(size) })))) {
        yield (await session.values(`SELECT ${columns.map((column) => identifier(column.name)).join(', ')} FROM ${table} WHERE ctid = ANY ($1::tid[])`, [list(places)])) as unknown as readonly Cells[];
      }
    }
    await session.exec('CLOSE copied');
  }

  async identity(): Promise<StoreIdentity> {
    const rows = await this.#open.rows("SELECT key, value FROM meta WHERE key IN ('store_id', 'link_key')");
    const kept = new Map(rows.map(({ key, value }) => [key, value]));
    const [storeId, linkKey] = [kept.get('store_id'), kept.get('link_key')];
    if (typeof storeId !== 'string' || typeof linkKey !== 'string') throw this.#empty();
    return { storeId, linkKey };
  }

  async numbers(): Promise<HighestNumbers> {
    const given = await Promise.all(numbered.map(async (name) => [name, (await this.#open.rows(`SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS n FROM ${sequences[name]}`))[0]?.['n']]));
    return Object.fromEntries(given) as HighestNumbers;
  }

  async begin(): Promise<void> {
    const session = this.#open;
    const names = [...(await this.tables()).map(({ name }) => name), ...tablesOfSharing.filter((name) => !ofFences.includes(name))];
    await session.exec(`TRUNCATE ${names.map(identifier).join(', ')}`);
    await session.exec('UPDATE daemons SET running_runs = 0');
    await this.#fence();
    const [seat] = await session.rows('INSERT INTO daemons (name, seen_at, closed) VALUES ($1, 0, true) ON CONFLICT (name) DO UPDATE SET closed = true RETURNING id', [this.#daemon]);
    this.#seat = Number(seat?.['id']);
  }

  async write({ name, columns }: Table, rows: readonly Cells[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#open.run(
      `INSERT INTO ${identifier(name)} (${columns.map((column) => identifier(column.name)).join(', ')}) SELECT * FROM unnest(${columns.map(({ kind }, place) => `$${place + 1}::${types[kind]}[]`).join(', ')})`,
      columns.map((_, place) => list(rows.map((row) => row[place] ?? null))),
    );
  }

  async complete({ identity: { storeId, linkKey }, numbers, mark, shiftMs }: CompleteParams): Promise<void> {
    const session = this.#open;
    for (const name of numbered) await session.run('SELECT setval($1::regclass, greatest($2::bigint, 1), $2::bigint > 0)', [sequences[name], numbers[name]]);
    await session.run("SELECT setval(pg_get_serial_sequence('queues', 'id'), coalesce(max(id), 1), max(id) IS NOT NULL) FROM queues");
    const counted = ['pending', 'delayed', 'active', 'dead'].map((state) => `count(*) FILTER (WHERE state = '${state}')`).join(', ');
    await session.run(`INSERT INTO queue_counts (queue_id, daemon, pending, delayed, active, dead) SELECT queue_id, $1::bigint, ${counted} FROM jobs GROUP BY queue_id`, [this.#seat]);
    await session.run("UPDATE daemons SET running_runs = (SELECT count(*) FROM runs WHERE state = 'running') WHERE id = $1", [this.#seat]);
    // The copies of files are on this machine: whoever leads gets their items from here.
    await session.run("INSERT INTO item_files (step_id, daemon, since) SELECT id, $1::bigint, $2::bigint FROM steps WHERE state = 'running' AND expanded = 0 AND file IS NOT NULL", [this.#seat, Math.floor(await this.now())]);
    // When a start counts is known where it was by how its attempt ended (`RateWindow.restore`); a rate that daemons share has it in the row.
    await session.run(
      `UPDATE rate_starts r SET counted_at = greatest(r.at, coalesce((SELECT a.ended_at + $1::double precision + CASE WHEN a.state = 'interrupted' THEN ${guardMs} ELSE 0 END
         FROM attempts a WHERE a.job_id = r.job_id AND a.number = r.attempt AND a.ended_at + $1::double precision >= r.at - 1000), $2::double precision))`,
      [shiftMs, await this.now()],
    );
    await this.#setMeta({ store_id: storeId, link_key: linkKey, [copyMarkKey]: JSON.stringify(mark) });
    await session.exec(`ANALYZE ${(await this.tables()).map(({ name }) => identifier(name)).join(', ')}`);
    await this.#commit();
  }

  async markMoved(mark: StoreMark): Promise<void> {
    await this.#fence();
    await this.#setMeta({ [copyMarkKey]: JSON.stringify(mark) });
    await this.#commit();
  }

  async unmark(): Promise<void> {
    await this.#open.run(`DELETE FROM ${identifier(this.#place.schema)}.meta WHERE key = $1`, [copyMarkKey]);
    // After `complete` there is no transaction; a copy that only had to be ended has one.
    await this.#open.exec('COMMIT');
  }

  async close(): Promise<void> {
    await this.#session?.end();
  }

  explained(error: unknown): unknown {
    return codedStoreError(error, this.#place, this.#session?.isLost === true);
  }

  #empty(): CodedError {
    return new CodedError('wrong-state', message('{store} is empty: no daemon has used it yet.', { store: this.name }));
  }

  /** A daemon that wakes up now finds its next number taken, so nothing that it still wanted to write comes in. */
  async #fence(): Promise<void> {
    await this.#open.exec(`INSERT INTO commits (daemon, seq, told) SELECT d.id, coalesce((SELECT max(c.seq) FROM commits c WHERE c.daemon = d.id), 0) + 1, '{"queues":[]}' FROM daemons d`);
  }

  async #setMeta(values: Readonly<Record<string, string>>): Promise<void> {
    await this.#open.run('INSERT INTO meta (key, value) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [list(Object.keys(values)), list(Object.values(values))]);
  }

  /** @throws Error if nothing of it has happened, or that isn't known: the marks tell the next copy */
  async #commit(): Promise<void> {
    if ((await this.#open.exec('COMMIT')) !== 'COMMIT') throw new Error('the transaction was rolled back');
  }
}

function kindOf(type: string): Column['kind'] {
  const kind = kinds[type];
  if (kind === undefined) throw new Error(`no column of the store is a ${type}`);
  return kind;
}

function* portions(rows: readonly { readonly place: string; readonly bytes: number }[]): Generator<readonly string[]> {
  let portion: string[] = [];
  let size = 0;
  for (const { place, bytes } of rows) {
    if (portion.length > 0 && (portion.length >= together.rows || size + bytes > together.bytes)) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(place);
    size += bytes;
  }
  if (portion.length > 0) yield portion;
}

/** Uses a store on Postgres again although it was moved. False if it was not. @throws CodedError as `PostgresEnd.open` */
export async function reopenPostgres(place: ConstructorParameters<typeof PostgresEnd>[0]): Promise<boolean> {
  const end = new PostgresEnd(place);
  try {
    await end.open('source');
    if ((await end.mark())?.kind !== 'moved') return false;
    await end.unmark();
    return true;
  } catch (error) {
    throw end.explained(error);
  } finally {
    await end.close();
  }
}
