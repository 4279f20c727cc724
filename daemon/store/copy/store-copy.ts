import { randomBytes, hash } from 'node:crypto';
import type { StoreMark } from '../copy-mark.ts';
import { never } from '../../ledger/row.ts';
import { failPoint } from '../../platform/fail-point.ts';
import { beyondTolerance } from '../../platform/system-clock.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { message } from '../../../schemas/wording/message.ts';
import { columnsOfSharing, type Cell, type Cells, type CopyEnd, type Table } from './copy-end.ts';

export interface StoreCopyParams {
  readonly source: CopyEnd;
  readonly target: CopyEnd;
  /** What is in the target may be lost. */
  readonly replace: boolean;
  readonly now: () => number;
  readonly onProgress: (progress: CopyProgress) => void;
}

export interface CopyProgress {
  /** `check`: what was written is read again. */
  readonly phase: 'copy' | 'check';
  readonly table: string;
  /** Rows of all tables. */
  readonly done: number;
  readonly total: number;
}

export interface CopiedTable {
  readonly name: string;
  readonly rows: number;
  readonly checksum: string;
}

export interface StoreCopyResult {
  /** Empty if an earlier copy had copied all, and only its end was missing. */
  readonly tables: readonly CopiedTable[];
  /** By how much what waits was moved, because the two stores go by different clocks. Milliseconds. */
  readonly shiftMs: number;
  readonly isResumed: boolean;
}

/**
 * Copies everything from one store to the other, looks whether it has arrived, and marks the source as moved. Table by table, by the columns that both have: a table or column that
 * is added to both stores needs nothing here.
 *
 * @throws CodedError `wrong-state` if one of the stores is not to be used for that
 */
export async function copyStore(params: StoreCopyParams): Promise<StoreCopyResult> {
  const { source, target } = params;
  try {
    await source.open('source');
    await target.open('target');
    return await copyOpened(params);
  } catch (error) {
    throw target.explained(source.explained(error));
  } finally {
    await target.close();
    await source.close();
  }
}

async function copyOpened({ source, target, replace, now, onProgress }: StoreCopyParams): Promise<StoreCopyResult> {
  const [sourceMark, targetMark] = [await source.mark(), await target.mark()];
  if (sourceMark?.kind === 'moved') {
    if (targetMark?.kind !== 'unfinished' || targetMark.id !== sourceMark.id) throw new CodedError('wrong-state', message('The jobs of {store} were moved to {other} already, at {time}. To copy them again from here: `sluice store reopen` first.', { store: source.name, other: sourceMark.other, time: new Date(sourceMark.at).toISOString() }));
    await target.unmark();
    return { tables: [], shiftMs: 0, isResumed: true };
  }
  if (sourceMark !== undefined) throw new CodedError('wrong-state', message('What is in {store} is a copy that did not finish: copy it again from {other}.', { store: source.name, other: sourceMark.other }));
  // What was moved elsewhere, and what an interrupted copy has left, is nobody's.
  if (targetMark === undefined && !replace) await refuseContents(target);

  const id = randomBytes(8).toString('hex');
  const identity = await source.identity();
  const shiftMs = Math.round(beyondTolerance((await target.now()) - (await source.now())));
  await target.begin();
  const tables = commonTables(await source.tables(), await target.tables());
  const counts = await source.counts();
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const sums = new Map<string, RowSum>();
  let done = 0;
  for (const table of tables) {
    const sum = new RowSum();
    const convert = converter(table, { shiftMs, daemon: target.daemon });
    for await (const read of source.read(table)) {
      const rows = read.map(convert);
      sum.add(rows);
      await target.write(table, rows);
      done += rows.length;
      onProgress({ phase: 'copy', table: table.name, done, total });
      failPoint('store-copy-batch');
    }
    sums.set(table.name, sum);
  }
  await check(target, tables, { sums, total, onProgress });
  const mark = { id, at: now() };
  await target.complete({ identity, numbers: await source.numbers(), mark: { kind: 'unfinished', other: source.name, ...mark }, shiftMs });
  failPoint('store-copy-filled');
  await source.markMoved({ kind: 'moved', other: target.name, ...mark } satisfies StoreMark);
  failPoint('store-copy-moved');
  await target.unmark();
  return { tables: tables.map(({ name }) => ({ name, rows: sums.get(name)?.rows ?? 0, checksum: sums.get(name)?.checksum ?? '' })), shiftMs, isResumed: false };
}

async function refuseContents(target: CopyEnd): Promise<void> {
  const found = [...(await target.counts())];
  if (found.length === 0) return;
  throw new CodedError('wrong-state', message('{store} is not empty: it has rows in {tables}. --replace copies all the same, and what is in it now is lost to it.', { store: target.name, tables: found.map(([name, count]) => `${name} (${count})`).join(', ') }));
}

async function check(target: CopyEnd, tables: readonly Table[], { sums, total, onProgress }: { readonly sums: ReadonlyMap<string, RowSum>; readonly total: number; readonly onProgress: StoreCopyParams['onProgress'] }): Promise<void> {
  let done = 0;
  for (const table of tables) {
    const sum = new RowSum();
    for await (const rows of target.read(table)) {
      sum.add(rows);
      done += rows.length;
      onProgress({ phase: 'check', table: table.name, done, total });
    }
    const expected = sums.get(table.name);
    if (sum.rows !== expected?.rows || sum.checksum !== expected.checksum) {
      throw new CodedError('store-unavailable', message('The table {table} did not arrive as it was sent: {sent} rows with the checksum {checksum}, and {found} rows with {other}. Nothing was moved.', { table: table.name, sent: expected?.rows ?? 0, checksum: expected?.checksum ?? '', found: sum.rows, other: sum.checksum }));
    }
  }
}

/** With the columns that both have, in the order of the source. @throws Error if one has more than the sharing of a store needs: that is a bug, and what would be lost isn't known */
function commonTables(source: readonly Table[], target: readonly Table[]): readonly Table[] {
  const others = new Map(target.map(({ name, columns }) => [name, columns]));
  const isLess = source.length !== target.length || source.some(({ name }) => !others.has(name));
  if (isLess) throw new Error(`the stores have different tables: ${source.map(({ name }) => name).join(' ')} and ${target.map(({ name }) => name).join(' ')}`);
  return source.map(({ name, columns }) => {
    const there = others.get(name) ?? [];
    const odd = [...columns.filter((column) => !there.some((other) => other.name === column.name)), ...there.filter((other) => !columns.some((column) => column.name === other.name))].filter((column) => !columnsOfSharing.includes(`${name}.${column.name}`));
    if (odd.length > 0) throw new Error(`the tables ${name} of the stores have different columns: ${odd.map((column) => column.name).join(' ')}`);
    return { name, columns: columns.filter((column) => there.some((other) => other.name === column.name)) };
  });
}

type CellOf = (name: string) => Cell;
const always = (): boolean => true;

/** Times that are waited for, by the clock of the store: those that `shiftWaits` of the stores moves. All others say what has been. */
const waitedFor: Readonly<Record<string, (cell: CellOf) => boolean>> = {
  'jobs.due_at': (cell) => ['pending', 'delayed', 'active'].includes(String(cell('state'))) || (cell('state') === 'waiting' && Number(cell('due_at')) < never),
  'queues.held_until': always,
  'bulks.last_due_at': (cell) => cell('ended_at') === null,
  'rate_starts.at': always,
  'connection_starts.at': always,
  'connection_starts.counted_at': always,
};

/** A row of the source as the target gets it. */
function converter({ name: table, columns }: Table, { shiftMs, daemon }: { readonly shiftMs: number; readonly daemon: number }): (row: Cells) => Cells {
  const places = new Map(columns.map(({ name }, place) => [name, place]));
  const rules = columns.map(({ name, kind }) => ({ kind, isDaemon: name === 'daemon', isShifted: shiftMs === 0 ? undefined : waitedFor[`${table}.${name}`] }));
  return (row) =>
    rules.map(({ kind, isDaemon, isShifted }, place) => {
      const cell = row[place] ?? null;
      if (isDaemon) return daemon;
      if (typeof cell !== 'number') return cell;
      const moved = isShifted?.((name) => row[places.get(name) ?? -1] ?? null) === true ? cell + shiftMs : cell;
      // SQLite keeps a fraction in a column of integers, Postgres refuses it.
      return kind === 'integer' ? Math.round(moved) : moved;
    });
}

/** How many rows there are, and a checksum over all that is in them, in whatever order they come. */
class RowSum {
  #rows = 0;
  #sum = 0n;

  add(rows: readonly Cells[]): void {
    for (const row of rows) this.#sum = BigInt.asUintN(64, this.#sum + hash('sha256', JSON.stringify(row), 'buffer').readBigUInt64BE());
    this.#rows += rows.length;
  }

  get rows(): number {
    return this.#rows;
  }

  /** 16 digits. */
  get checksum(): string {
    return this.#sum.toString(16).padStart(16, '0');
  }
}
