import type { PoolClient } from 'pg';
import Cursor from 'pg-cursor';
import type { Json } from '../../../schemas/workflow/json.ts';
import type { Clock } from '../../core/clock.ts';
import type { ActionContext } from '../action.ts';
import type { PostgresPool } from './postgres-pool.ts';
import { encoderOf } from './postgres-values.ts';
import type { SqlAnswer, SqlOrder } from './sql-answer.ts';
import { SqlRows } from './sql-rows.ts';

/** Rows that are asked for at a time. */
const batch = 200;
/** An answer that is larger asks for room. In bytes of JSON. */
const smallBytes = 65_536;
/** What comes over the wire can be larger than its JSON: bytes are written with two digits each. */
const wireFactor = 2;
const wireExtraBytes = 1_048_576;
/** Of Postgres, in milliseconds; longer limits are only ours. */
const longestMs = 2 ** 31 - 1;
/** How long a statement that was cancelled has to end, in milliseconds; then its connection is closed. */
const cancelMs = 1_500;

const types = { getTypeParser: (oid: number) => encoderOf(oid) };

/**
 * Runs one statement in a transaction of its own. The extended protocol takes one statement only, so none can end the transaction and go on outside of it; and the transaction's
 * first statement is a query, after which none can make it one that writes.
 *
 * @throws as the driver does, or the reason of the signal
 */
export async function runOnPostgres(pool: PostgresPool, order: SqlOrder, context: Pick<ActionContext, 'signal' | 'depart' | 'room' | 'timeLimitMs'>, clock: Clock): Promise<SqlAnswer> {
  const { signal } = context;
  const client = await pool.take(signal);
  const { stream } = client.connection;
  let isCommitting = false;
  let isSpent = false;
  const onAbort = (): void => {
    if (!isCommitting) pool.cancel(client);
    const timer = clock.setTimer(cancelMs, () => stream.destroy());
    stream.once('close', () => timer.cancel());
  };
  let received = 0;
  const most = order.bounds.maxBytes * wireFactor + wireExtraBytes;
  const count = (chunk: Buffer): void => {
    received += chunk.length;
    if (received > most) stream.destroy();
  };
  stream.on('data', count);
  try {
    await context.depart?.();
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort, { once: true });
    isSpent = true;
    await client.query(opening(order.write, context.timeLimitMs));
    signal.throwIfAborted();
    const answer = await answerOf(client, order, context);
    signal.throwIfAborted();
    isCommitting = order.write && answer.kind === 'rows';
    await client.query(isCommitting ? 'COMMIT' : 'ROLLBACK');
    isSpent = false;
    return answer;
  } catch (error) {
    if (received > most) return { kind: 'large' };
    signal.throwIfAborted();
    if (!isCommitting && !stream.destroyed) isSpent = !(await rollBack(client));
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.off('data', count);
    pool.release(client, isSpent);
  }
}

/** What decides how values are written holds for the transaction only. */
function opening(write: boolean, timeLimitMs: number): string {
  const settings = { statement_timeout: `${Math.min(Math.ceil(timeLimitMs), longestMs)}ms`, datestyle: 'ISO, YMD', intervalstyle: 'iso_8601', bytea_output: 'hex', extra_float_digits: '1' };
  const set = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', true)`);
  return `BEGIN${write ? '' : ' READ ONLY'}; SELECT ${set.join(', ')}`;
}

async function rollBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}

async function answerOf(client: PoolClient, { text, values, bounds }: SqlOrder, { signal, room }: Pick<ActionContext, 'signal' | 'room'>): Promise<SqlAnswer> {
  const cursor = client.query(new Cursor<(string | null)[]>(text, [...(values as Json[])], { rowMode: 'array', types }));
  let rows: SqlRows | undefined;
  let hasRoom = false;
  for (;;) {
    const { found, columns, changed } = await read(cursor);
    rows ??= new SqlRows(columns, bounds);
    if (rows.repeated !== undefined) return end(cursor, { kind: 'repeated', column: rows.repeated });
    for (const row of found) {
      const added = rows.add(row.map((value) => value ?? 'null'));
      if (added === 'large') return end(cursor, { kind: 'large' });
      if (added === 'full') return end(cursor, bounds.mayCut ? answer(rows, rows.count, true) : { kind: 'full' });
    }
    if (found.length < batch) return answer(rows, columns.length === 0 ? changed : rows.count, false);
    signal.throwIfAborted();
    if (hasRoom || rows.bytes < smallBytes) continue;
    hasRoom = true;
    await room(bounds.maxBytes);
  }
}

function answer(rows: SqlRows, count: number, truncated: boolean): SqlAnswer {
  return { kind: 'rows', rows: rows.json(), count, columns: rows.columns, truncated };
}

async function end(cursor: Cursor<(string | null)[]>, value: SqlAnswer): Promise<SqlAnswer> {
  await cursor.close();
  return value;
}

function read(cursor: Cursor<(string | null)[]>): Promise<{ readonly found: readonly (string | null)[][]; readonly columns: readonly string[]; readonly changed: number }> {
  return new Promise((resolve, reject) => {
    cursor.read(batch, (error: Error | undefined | null, found, result) => {
      if (error !== undefined && error !== null) reject(error);
      else resolve({ found, columns: result.fields.map(({ name }) => name), changed: result.rowCount ?? 0 });
    });
  });
}
