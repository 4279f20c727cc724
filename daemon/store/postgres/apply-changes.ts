import type { Change, NumberedTable, StepCounts, TableName } from '../../ledger/change.ts';
import type { StepRow } from '../../ledger/row.ts';
import { stepColumns, stepOf } from '../row-columns.ts';
import { dropItemsOfRun } from './item-rows.ts';
import { PackedNumbers } from './packed-numbers.ts';
import { list, type Value } from './session.ts';
import type { Transaction } from './transaction.ts';

/** Rows of these are found by the number of their job; all others by their own. */
const keys: Readonly<Record<NumberedTable, string>> = { runs: 'id', steps: 'id', jobs: 'id', queues: 'id', payloads: 'job_id', waits: 'job_id', bulks: 'id', schedules: 'id' };

/** What identifies a row of a table of which a new one may replace another. */
const replaced: { readonly [Name in TableName]?: string } = { payload_drafts: 'job_id', waits: 'job_id' };

/** What belongs to a job, deleted with it. */
const belongings = ['attempts', 'payload_revisions', 'payload_drafts', 'payloads', 'waits', 'signal_links'] as const;

/** Columns that are texts; times of `rate_starts`, and the spacing of bulk work, have fractions; all others are whole numbers. */
const texts = new Set(
  'state connection item_key error discard_reason failure_group progress warning cancel_cause payload secrets item saved_by output request response version workflow text name rate definition held_by kind on_timeout answered_by action reason problem path outcome scheme flaw dedupe_key hash headers query body key cron timezone declaration uses file file_format cascade inputs pages items on_failure_state trigger_kind triggered_by trigger_value run_key vars outputs concurrency_key gate export_to'.split(' '),
);
const fractions = new Set(['at', 'counted_at', 'spacing_ms']);

function typeOf(column: string): 'text' | 'double precision' | 'bigint' {
  return texts.has(column) ? 'text' : fractions.has(column) ? 'double precision' : 'bigint';
}

type Changes<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>[];
/** What a column of a row can have. */
type Changed = string | number | null | Uint8Array;
type StartEnd = Changes<'count_connection_start' | 'drop_connection_start'>[number];
type Insert = Extract<Change, { kind: 'insert' }>;
type Patch = Extract<Change, { kind: 'patch' }>;

/**
 * Carries changes out, many rows by a statement: what is inserted into a table and what is patched alike go together, as far as no other change stands between them. Resolves
 * to the steps whose counts have changed, as they are now; whatever else was sent has been sent only.
 */
export async function applyChanges(tx: Transaction, changes: readonly Change[]): Promise<readonly StepRow[]> {
  let inserts: Insert[] = [];
  let patches: Patch[] = [];
  const counts: Changes<'count'> = [];
  const counted: Changes<'count_start'> = [];
  const dropped: Changes<'drop_start'> = [];
  const ended: StartEnd[] = [];
  const outputs: Changes<'set_output'> = [];
  const flush = (): void => {
    for (const { table, rows, taken } of inserts) insertRows(tx, table, rows, taken);
    patchRows(tx, patches);
    inserts = [];
    patches = [];
  };
  for (let at = 0; at < changes.length; at++) {
    const change = changes[at];
    if (change === undefined) break;
    if (change.kind === 'insert') inserts.push(change);
    else if (change.kind === 'patch') patches.push(change);
    else if (change.kind === 'count') counts.push(change);
    else if (change.kind === 'count_start') counted.push(change);
    else if (change.kind === 'drop_start') dropped.push(change);
    else if (change.kind === 'count_connection_start' || change.kind === 'drop_connection_start') ended.push(change);
    else if (change.kind === 'set_output') outputs.push(change);
    else {
      flush();
      at += applyOthers(tx, change, changes, at);
    }
  }
  flush();
  // Of attempts and starts that nothing else in a decision touches.
  settleStarts(tx, counted, dropped);
  settleConnectionStarts(tx, ended);
  for (const { jobId, attempt, output } of outputs) void tx.run("UPDATE attempts SET output = convert_from($3, 'UTF8') WHERE job_id = $1 AND number = $2", [jobId, attempt, output]);
  return counts.length === 0 ? [] : addCounts(tx, counts);
}

/** A change that is neither; deletions that follow each other go together. Returns how many of the next ones it has dealt with. */
function applyOthers(tx: Transaction, change: Exclude<Change, { kind: 'insert' | 'patch' | 'count' | 'count_start' | 'drop_start' | 'count_connection_start' | 'drop_connection_start' | 'set_output' }>, changes: readonly Change[], at: number): number {
  const send = (text: string, ...values: Value[]): void => void tx.run(text, values);
  switch (change.kind) {
    case 'put_off':
      send("UPDATE jobs SET due_at = due_at + $2 WHERE state = 'delayed' AND pace = $1", change.pace, change.byMs);
      break;
    case 'copy_starts':
      send('INSERT INTO rate_starts (queue_id, at, job_id, attempt, counted_at) SELECT $2, at, job_id, attempt, counted_at FROM rate_starts WHERE queue_id = $1 ON CONFLICT DO NOTHING', change.from, change.to);
      break;
    case 'forget_starts':
      send('DELETE FROM rate_starts WHERE queue_id = $1 AND at < $2', change.queueId, change.before);
      break;
    case 'forget_connection_starts':
      send('DELETE FROM connection_starts WHERE connection = $1 AND at < $2', change.connection, change.before);
      break;
    case 'mark_bulk_job':
      send('UPDATE bulk_jobs SET round = $3 WHERE bulk_id = $1 AND job_id = $2', change.bulkId, change.jobId, change.round);
      break;
    case 'delete_bulk_jobs':
      send('DELETE FROM bulk_jobs WHERE bulk_id = $1 AND job_id <= $2', change.bulkId, change.upTo);
      break;
    case 'delete_bulk':
      send('DELETE FROM bulks WHERE id = $1', change.bulkId);
      break;
    case 'trim_deliveries':
      send(
        `DELETE FROM deliveries WHERE workflow = $1 AND outcome IN ('refused', 'duplicate')
         AND id <= (SELECT id FROM deliveries WHERE workflow = $1 AND outcome IN ('refused', 'duplicate') ORDER BY id DESC LIMIT 1 OFFSET $2)`,
        change.workflow,
        change.keep,
      );
      break;
    case 'delete_schedule':
      send('DELETE FROM schedules WHERE id = $1', change.id);
      break;
    case 'delete_draft':
      send('DELETE FROM payload_drafts WHERE job_id = $1', change.jobId);
      break;
    case 'delete_revision':
      send('DELETE FROM payload_revisions WHERE job_id = $1 AND revision = $2', change.jobId, change.revision);
      break;
    case 'delete_job': {
      const jobs = following(changes, at, 'delete_job');
      const ids = list(jobs.map(({ jobId }) => jobId));
      for (const table of belongings) send(`DELETE FROM ${table} WHERE job_id = ANY ($1::bigint[])`, ids);
      send('DELETE FROM jobs WHERE id = ANY ($1::bigint[])', ids);
      return jobs.length - 1;
    }
    case 'delete_run':
      for (const text of dropItemsOfRun) send(text, change.runId);
      send('DELETE FROM steps WHERE run_id = $1', change.runId);
      send('DELETE FROM signals WHERE run_id = $1', change.runId);
      send('DELETE FROM runs WHERE id = $1', change.runId);
      send('DELETE FROM workflow_versions v WHERE v.version = $1 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.version = v.version)', change.version);
      break;
  }
  return 0;
}

function following<Kind extends Change['kind']>(changes: readonly Change[], from: number, kind: Kind): readonly Extract<Change, { kind: Kind }>[] {
  const found: Extract<Change, { kind: Kind }>[] = [];
  for (const change of changes.slice(from)) {
    if (change.kind !== kind) break;
    found.push(change as Extract<Change, { kind: Kind }>);
  }
  return found;
}

/** Rows with the same columns go together: a column that a row leaves out has its default. */
function insertRows(tx: Transaction, table: TableName, rows: readonly object[], taken: 'keep' | 'replace' | undefined): void {
  for (const { columns, some } of alike(rows, (row) => row)) {
    const lists = columns.map((column) => listOf(column, some.map((row) => valueOf(row, column))));
    const from = `SELECT * FROM unnest(${columns.map((column, index) => `$${index + 1}::${typeOf(column)}[]`).join(', ')})`;
    void tx.run(`INSERT INTO ${table} (${columns.join(', ')}) ${from} ${onConflict(table, columns, taken)}`, lists);
  }
  // What its next number is peeked at by.
  if (table === 'bulks') void tx.values("SELECT setval('bulk_ids', (SELECT max(id) FROM bulks))");
}

function onConflict(table: TableName, columns: readonly string[], taken: 'keep' | 'replace' | undefined): string {
  if (taken === undefined) return '';
  const key = replaced[table];
  if (taken === 'keep' || key === undefined) return 'ON CONFLICT DO NOTHING';
  return `ON CONFLICT (${key}) DO UPDATE SET ${columns.flatMap((column) => (column === key ? [] : `${column} = excluded.${column}`)).join(', ')}`;
}

function patchRows(tx: Transaction, patches: readonly Patch[]): void {
  for (const [table, those] of Map.groupBy(patches, (patch) => patch.table)) {
    for (const { columns, some } of alike(those, ({ values }) => values)) {
      if (columns.length === 0) continue;
      const lists = [numbers(some.map(({ id }) => id)), ...columns.map((column) => listOf(column, some.map(({ values }) => valueOf(values, column))))];
      void tx.run(
        `UPDATE ${table} t SET ${columns.map((column) => `${column} = n.${column}`).join(', ')}
         FROM unnest($1::bigint[], ${columns.map((column, index) => `$${index + 2}::${typeOf(column)}[]`).join(', ')}) AS n (row_id, ${columns.join(', ')}) WHERE t.${keys[table]} = n.row_id`,
        lists,
      );
    }
  }
}

const countNames = ['total', 'succeeded', 'dead', 'cancelled', 'discarded', 'duplicates', 'warnings'] as const satisfies readonly (keyof StepCounts)[];

/** Steps are locked in the order of their numbers before they are added to. Of two that end the last jobs of a step, the later one sees what both have done. */
async function addCounts(tx: Transaction, counts: Changes<'count'>): Promise<readonly StepRow[]> {
  const ids = numbers(counts.map(({ stepId }) => stepId));
  if (counts.length > 1 && tx.access === 'beside') void tx.values('SELECT 1 FROM steps WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE', [ids]);
  const rows = await tx.values(
    `UPDATE steps t SET ${countNames.map((name) => `${name} = t.${name} + n.${name}`).join(', ')}
     FROM unnest($1::bigint[], ${countNames.map((_, index) => `$${index + 2}::bigint[]`).join(', ')}) AS n (step_id, ${countNames.join(', ')}) WHERE t.id = n.step_id
     RETURNING ${stepColumns.replace(/\w+/g, (column) => `t.${column}`)}`,
    [ids, ...countNames.map((name) => numbers(counts.map(({ by }) => by[name] ?? 0)))],
  );
  return rows.map(stepOf);
}

function settleStarts(tx: Transaction, counted: Changes<'count_start'>, dropped: Changes<'drop_start'>): void {
  const those = 't.queue_id = n.queue_id AND t.job_id = n.job_id AND t.attempt = n.attempt';
  const named = (starts: readonly { readonly queueId: number; readonly jobId: number; readonly attempt: number }[]): PackedNumbers[] => [
    numbers(starts.map(({ queueId }) => queueId)), numbers(starts.map(({ jobId }) => jobId)), numbers(starts.map(({ attempt }) => attempt)),
  ];
  if (counted.length > 0) {
    const from = 'unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::double precision[]) AS n (queue_id, job_id, attempt, at)';
    void tx.run(`UPDATE rate_starts t SET counted_at = least(n.at, t.counted_at) FROM ${from} WHERE ${those}`, [...named(counted), new PackedNumbers('double precision', counted.map(({ at }) => at))]);
  }
  if (dropped.length > 0) void tx.run(`DELETE FROM rate_starts t USING unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS n (queue_id, job_id, attempt) WHERE ${those}`, named(dropped));
}

function settleConnectionStarts(tx: Transaction, ended: readonly StartEnd[]): void {
  const counted = ended.filter((change) => change.kind === 'count_connection_start');
  const dropped = ended.filter((change) => change.kind === 'drop_connection_start');
  const named = (starts: readonly StartEnd[]): PackedNumbers[] => [numbers(starts.map(({ jobId }) => jobId)), numbers(starts.map(({ attempt }) => attempt))];
  if (counted.length > 0) {
    void tx.run(
      `UPDATE connection_starts t SET counted_at = least(n.at, t.counted_at)
       FROM unnest($1::bigint[], $2::bigint[], $3::double precision[]) AS n (job_id, attempt, at) WHERE t.job_id = n.job_id AND t.attempt = n.attempt`,
      [...named(counted), new PackedNumbers('double precision', counted.map(({ at }) => at))],
    );
  }
  if (dropped.length > 0) void tx.run('DELETE FROM connection_starts t USING unnest($1::bigint[], $2::bigint[]) AS n (job_id, attempt) WHERE t.job_id = n.job_id AND t.attempt = n.attempt', named(dropped));
}

/** Those with the same columns together. Most have the columns of the one before, which takes no text of them to see. */
function alike<Item>(items: readonly Item[], rowOf: (item: Item) => object): readonly { readonly columns: readonly string[]; readonly some: readonly Item[] }[] {
  const found: { readonly columns: readonly string[]; readonly some: Item[] }[] = [];
  let last: (typeof found)[number] | undefined;
  for (const item of items) {
    const row = rowOf(item);
    if (last === undefined || !hasColumns(row, last.columns)) {
      last = found.find(({ columns }) => hasColumns(row, columns));
      if (last === undefined) found.push((last = { columns: Object.keys(row), some: [] }));
    }
    last.some.push(item);
  }
  return found;
}

/** In that order. */
function hasColumns(row: object, columns: readonly string[]): boolean {
  let count = 0;
  for (const column in row) if (column !== columns[count++]) return false;
  return count === columns.length;
}

function listOf(column: string, values: readonly Changed[]): Value {
  const type = typeOf(column);
  return type === 'text' ? list(values) : new PackedNumbers(type, values as readonly (number | null)[]);
}

function numbers(values: readonly number[]): PackedNumbers {
  return new PackedNumbers('bigint', values);
}

/** A time with a fraction, as a delay can have, is the whole millisecond after it: nothing is due too early. */
function valueOf(row: object, column: string): Changed {
  const value = (row as Readonly<Record<string, Changed | undefined>>)[column] ?? null;
  return typeof value === 'number' && !Number.isInteger(value) && !fractions.has(column) ? Math.ceil(value) : value;
}
