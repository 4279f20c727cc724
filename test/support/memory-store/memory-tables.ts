import type { Change, NumberedTable, StepCounts, TableName, Tables } from '../../../daemon/ledger/change.ts';
import { isMinor } from '../../../daemon/ledger/delivery.ts';
import type { ConnectionRow, JobRow, StepRow } from '../../../daemon/ledger/row.ts';
import type { QueueBucket } from '../../../daemon/core/queue-series.ts';
import type { DaemonRow } from '../../../daemon/ledger/daemons.ts';
import type { TokenRow } from '../../../daemon/ledger/token-lease.ts';
import type { AlertBook, Committed, StoredAlert } from '../../../daemon/store/store.ts';

type Row<Name extends TableName> = Tables[Name];

/** What identifies a row of each table. */
const keys: { readonly [Name in TableName]: (row: Row<Name>) => number | string } = {
  runs: ({ id }) => id,
  steps: ({ id }) => id,
  jobs: ({ id }) => id,
  queues: ({ id }) => id,
  payloads: ({ job_id }) => job_id,
  payload_drafts: ({ job_id }) => job_id,
  payload_revisions: ({ job_id, revision }) => `${job_id}/${revision}`,
  attempts: ({ job_id, number }) => `${job_id}/${number}`,
  workflow_versions: ({ version }) => version,
  rate_starts: startKey,
  connection_starts: connectionStartKey,
  waits: ({ job_id }) => job_id,
  signals: ({ run_id, name }) => `${run_id}/${name}`,
  signal_links: ({ job_id, name }) => `${job_id}/${name}`,
  bulks: ({ id }) => id,
  bulk_jobs: ({ bulk_id, job_id }) => `${bulk_id}/${job_id}`,
  deliveries: ({ id }) => id,
  delivery_keys: deliveryKey,
  schedules: ({ id }) => id,
  staged_items: ({ step_id, first }) => `${step_id}/${first}`,
};

export function deliveryKey({ workflow, key }: Pick<Row<'delivery_keys'>, 'workflow' | 'key'>): string {
  return JSON.stringify([workflow, key]);
}

export function startKey({ queue_id, at, job_id, attempt }: Row<'rate_starts'>): string {
  return `${queue_id}/${at}/${job_id}/${attempt}`;
}

export function connectionStartKey({ connection, at, job_id, attempt }: Row<'connection_starts'>): string {
  return `${connection}/${at}/${job_id}/${attempt}`;
}

const step = { state: 'waiting', total: 0, succeeded: 0, dead: 0, cancelled: 0, discarded: 0, expanded: 0, cursor: 0, duplicates: 0, warnings: 0, item_limit: null, file: null, file_format: null, pages: null, cascade: null, started_at: null, ended_at: null, error: null } as const satisfies Partial<StepRow>;
const job = {
  pace: null, item_index: null, item_key: null, revision: 1, round: 1, attempt: 0, tries: 0, throttles: 0, crashes: 0, cancel_cause: null, started_at: null, ended_at: null, error: null,
  discard_reason: null, last_revision: null, failure_group: null, progress: null, warning: null, daemon: 0, connection: null,
} as const satisfies Partial<JobRow>;
const run = { ended_at: null, cancel_requested: 0, on_failure_state: 'waiting', error: null, trigger_kind: 'manual', triggered_by: null, trigger_value: null, run_key: null, parent_job: null, parent_run: null, depth: 0, concurrency_key: null, gate: null, vars: null, outputs: null } as const satisfies Partial<Row<'runs'>>;

/** What a column is that an insert leaves out. */
const defaults: { readonly [Name in TableName]?: Partial<Row<Name>> } = {
  runs: run,
  steps: step,
  jobs: job,
  queues: { paused: 0, rate: null, concurrency: null, held_until: null, held_by: null, definition: null },
  payload_drafts: { saved_by: null },
  bulks: { ended_at: null, done: 0, skipped: 0, edited: 0, taken_back: 0, cursor: 0, last_due_at: null, problem: null, daemon: 0, export_to: null },
  bulk_jobs: { round: null },
  deliveries: { flaw: null, reason: null, run_id: null, first_id: null, rerun_of: null, dedupe_key: null },
  schedules: { paused: 0, removed: 0, last_at: null, last_run: null, missed: 0, missed_at: null, problem: null, ends_at: null },
};

/** Rows by their keys. A transaction that fails leaves them as they were. */
class Table<Value> {
  readonly #rows = new Map<number | string, Value>();
  readonly #undo: (() => void)[];

  constructor(undo: (() => void)[]) {
    this.#undo = undo;
  }

  get(key: number | string): Value | undefined {
    return this.#rows.get(key);
  }

  set(key: number | string, row: Value): void {
    this.#keep(key);
    this.#rows.set(key, row);
  }

  delete(key: number | string): void {
    this.#keep(key);
    this.#rows.delete(key);
  }

  where(condition: (row: Value) => boolean = () => true): Value[] {
    return [...this.#rows.values()].filter(condition);
  }

  #keep(key: number | string): void {
    const before = this.#rows.get(key);
    this.#undo.push(() => {
      if (before === undefined) this.#rows.delete(key);
      else this.#rows.set(key, before);
    });
  }
}

export interface SeriesRow extends QueueBucket {
  readonly stepMs: number;
  readonly queue: string;
  readonly at: number;
}

/** The tables of a store in memory, as a disk would keep them. */
export class MemoryTables {
  readonly #undo: (() => void)[] = [];
  readonly runs = new Table<Row<'runs'>>(this.#undo);
  readonly steps = new Table<Row<'steps'>>(this.#undo);
  readonly jobs = new Table<Row<'jobs'>>(this.#undo);
  readonly queues = new Table<Row<'queues'>>(this.#undo);
  readonly payloads = new Table<Row<'payloads'>>(this.#undo);
  readonly payload_drafts = new Table<Row<'payload_drafts'>>(this.#undo);
  readonly payload_revisions = new Table<Row<'payload_revisions'>>(this.#undo);
  readonly attempts = new Table<Row<'attempts'>>(this.#undo);
  readonly workflow_versions = new Table<Row<'workflow_versions'>>(this.#undo);
  readonly rate_starts = new Table<Row<'rate_starts'>>(this.#undo);
  readonly connection_starts = new Table<Row<'connection_starts'>>(this.#undo);
  readonly waits = new Table<Row<'waits'>>(this.#undo);
  readonly signals = new Table<Row<'signals'>>(this.#undo);
  readonly signal_links = new Table<Row<'signal_links'>>(this.#undo);
  readonly bulks = new Table<Row<'bulks'>>(this.#undo);
  readonly bulk_jobs = new Table<Row<'bulk_jobs'>>(this.#undo);
  readonly deliveries = new Table<Row<'deliveries'>>(this.#undo);
  readonly delivery_keys = new Table<Row<'delivery_keys'>>(this.#undo);
  readonly schedules = new Table<Row<'schedules'>>(this.#undo);
  readonly staged_items = new Table<Row<'staged_items'>>(this.#undo);
  readonly alerts = new Table<StoredAlert>(this.#undo);
  readonly alert_books = new Table<AlertBook>(this.#undo);
  readonly series = new Table<SeriesRow>(this.#undo);
  readonly daemons = new Table<DaemonRow>(this.#undo);
  readonly connections = new Table<ConnectionRow>(this.#undo);
  readonly connection_tokens = new Table<TokenRow>(this.#undo);
  /** Of the daemons that have it open. */
  readonly listeners = new Set<(committed: Committed) => void>();
  /** The highest number that a row has had. */
  readonly highest = { runs: 0, steps: 0, jobs: 0, queues: 0, bulks: 0, deliveries: 0 };

  /** Does all of it or nothing. */
  transaction<Value>(work: () => Value): Value {
    this.#undo.length = 0;
    const highest = { ...this.highest };
    try {
      return work();
    } catch (error) {
      for (const undo of this.#undo.reverse()) undo();
      Object.assign(this.highest, highest);
      throw error;
    }
  }

  /** Carries changes out, in their order. Returns the steps whose counts have changed. */
  apply(changes: readonly Change[]): readonly StepRow[] {
    return changes.flatMap((change) => this.#apply(change) ?? []);
  }

  patch<Name extends NumberedTable>(name: Name, id: number, values: Partial<Row<Name>>): void {
    const table = this[name] as unknown as Table<Row<Name>>;
    const row = table.get(id);
    if (row !== undefined) table.set(id, { ...row, ...values });
  }

  #startsOf({ queueId, jobId, attempt }: { readonly queueId: number; readonly jobId: number; readonly attempt: number }): Row<'rate_starts'>[] {
    return this.rate_starts.where((row) => row.queue_id === queueId && row.job_id === jobId && row.attempt === attempt);
  }

  #startsWith({ jobId, attempt }: { readonly jobId: number; readonly attempt: number }): Row<'connection_starts'>[] {
    return this.connection_starts.where((row) => row.job_id === jobId && row.attempt === attempt);
  }

  #apply(change: Change): StepRow | undefined {
    switch (change.kind) {
      case 'insert':
        for (const row of change.rows) this.#insert(change.table, row as Row<typeof change.table>, change.taken);
        return undefined;
      case 'patch':
        this.patch(change.table, change.id, change.values);
        return undefined;
      case 'count':
        return this.#count(change.stepId, change.by);
      case 'put_off':
        for (const { id, due_at } of this.jobs.where(({ state, pace }) => state === 'delayed' && pace === change.pace)) this.patch('jobs', id, { due_at: due_at + change.byMs });
        return undefined;
      case 'forget_starts':
        for (const row of this.rate_starts.where(({ queue_id, at }) => queue_id === change.queueId && at < change.before)) this.rate_starts.delete(keys.rate_starts(row));
        return undefined;
      case 'count_start':
        for (const row of this.#startsOf(change)) this.rate_starts.set(keys.rate_starts(row), { ...row, counted_at: Math.min(change.at, row.counted_at ?? Infinity) });
        return undefined;
      case 'drop_start':
        for (const row of this.#startsOf(change)) this.rate_starts.delete(keys.rate_starts(row));
        return undefined;
      case 'forget_connection_starts':
        for (const row of this.connection_starts.where(({ connection, at }) => connection === change.connection && at < change.before)) this.connection_starts.delete(keys.connection_starts(row));
        return undefined;
      case 'count_connection_start':
        for (const row of this.#startsWith(change)) this.connection_starts.set(keys.connection_starts(row), { ...row, counted_at: Math.min(change.at, row.counted_at) });
        return undefined;
      case 'drop_connection_start':
        for (const row of this.#startsWith(change)) this.connection_starts.delete(keys.connection_starts(row));
        return undefined;
      case 'copy_starts':
        for (const row of this.rate_starts.where(({ queue_id }) => queue_id === change.from)) this.#insert('rate_starts', { ...row, queue_id: change.to }, 'keep');
        return undefined;
      case 'set_output': {
        const row = this.attempts.get(`${change.jobId}/${change.attempt}`);
        if (row !== undefined) this.attempts.set(keys.attempts(row), { ...row, output: Buffer.from(change.output).toString() });
        return undefined;
      }
      case 'mark_bulk_job':
        this.bulk_jobs.set(`${change.bulkId}/${change.jobId}`, { bulk_id: change.bulkId, job_id: change.jobId, round: change.round });
        return undefined;
      case 'delete_bulk_jobs':
        for (const row of this.bulk_jobs.where(({ bulk_id, job_id }) => bulk_id === change.bulkId && job_id <= change.upTo)) this.bulk_jobs.delete(keys.bulk_jobs(row));
        return undefined;
      case 'delete_bulk':
        this.bulks.delete(change.bulkId);
        return undefined;
      case 'trim_deliveries':
        for (const { id } of this.deliveries.where(({ workflow, outcome }) => workflow === change.workflow && isMinor(outcome)).sort((one, other) => other.id - one.id).slice(change.keep)) this.deliveries.delete(id);
        return undefined;
      case 'delete_schedule':
        this.schedules.delete(change.id);
        return undefined;
      case 'delete_draft':
        this.payload_drafts.delete(change.jobId);
        return undefined;
      case 'delete_revision':
        this.payload_revisions.delete(`${change.jobId}/${change.revision}`);
        return undefined;
      case 'delete_job':
        for (const row of this.attempts.where(({ job_id }) => job_id === change.jobId)) this.attempts.delete(keys.attempts(row));
        for (const row of this.payload_revisions.where(({ job_id }) => job_id === change.jobId)) this.payload_revisions.delete(keys.payload_revisions(row));
        for (const row of this.signal_links.where(({ job_id }) => job_id === change.jobId)) this.signal_links.delete(keys.signal_links(row));
        for (const table of [this.payload_drafts, this.payloads, this.waits, this.jobs]) table.delete(change.jobId);
        return undefined;
      case 'delete_run':
        for (const { id } of this.steps.where(({ run_id }) => run_id === change.runId)) {
          for (const row of this.staged_items.where(({ step_id }) => step_id === id)) this.staged_items.delete(keys.staged_items(row));
          this.steps.delete(id);
        }
        for (const row of this.signals.where(({ run_id }) => run_id === change.runId)) this.signals.delete(keys.signals(row));
        this.runs.delete(change.runId);
        if (this.runs.where(({ version }) => version === change.version).length === 0) this.workflow_versions.delete(change.version);
        return undefined;
    }
  }

  #insert<Name extends TableName>(name: Name, given: Row<Name>, taken: 'keep' | 'replace' | undefined): void {
    const row = { ...defaults[name], ...given };
    const table = this[name] as unknown as Table<Row<Name>>;
    const key = keys[name](row);
    const isTaken = table.get(key) !== undefined || (name === 'jobs' && this.#isPlaceTaken(row as unknown as JobRow));
    if (isTaken && taken === undefined) throw new Error(`there is a row ${key} of ${name} already`);
    if (!isTaken || taken === 'replace') table.set(key, row);
    const numbered: TableName = name;
    if (numbered === 'runs' || numbered === 'steps' || numbered === 'jobs' || numbered === 'queues' || numbered === 'bulks' || numbered === 'deliveries') this.highest[numbered] = Math.max(this.highest[numbered], Number(key));
  }

  #isPlaceTaken({ step_id, item_index, item_key }: JobRow): boolean {
    if (item_index === null) return false;
    return this.jobs.where((other) => other.step_id === step_id && (other.item_index === item_index || (item_key !== null && other.item_key === item_key))).length > 0;
  }

  #count(stepId: number, by: Partial<StepCounts>): StepRow | undefined {
    const row = this.steps.get(stepId);
    if (row === undefined) return undefined;
    const counts = Object.fromEntries(Object.entries(by).map(([name, count]) => [name, row[name as keyof StepCounts] + count]));
    this.patch('steps', stepId, counts);
    return this.steps.get(stepId);
  }
}
