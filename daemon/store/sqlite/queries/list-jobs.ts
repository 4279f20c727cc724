import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { JobSummary } from '../../../../schemas/protocol/job.ts';
import type { PayloadRow } from '../../../ledger/row.ts';
import { jobSummary, parsedJson, type JobViewRow } from '../../../ledger/view.ts';
import { Where, type JobTexts } from '../../../ledger/where.ts';
import type { ListJobsParams } from '../../store.ts';
import type { Database } from '../database.ts';
import { jobViewColumns, jobViewJoins } from './get-job.ts';

/** Rows that one page looks at, when a `where` lets few of them through. */
const maxScanned = 50_000;
/** How long one page may take with a `where`, in milliseconds: other readers wait for it. It ends early then, with a cursor. */
const maxScanMs = 200;

const noTexts: JobTexts = { payload: null, item: null };

/** Newest first; dead letters by when they died. */
export function listJobs(db: Database, params: ListJobsParams): { readonly jobs: JobSummary[]; readonly next?: string } {
  const where = params.where === undefined ? undefined : new Where(params.where);
  const byDeath = params.state === 'dead';
  const { text, values } = query(params, byDeath);
  const most = where === undefined ? params.limit : maxScanned;
  // Numbers first, rows then: where a million jobs have to be sorted, their indexes are enough for it.
  const ids = db.sql(text).all(...values, most + 1);
  const jobs: JobSummary[] = [];
  const until = performance.now() + maxScanMs;
  let last: JobViewRow | undefined;
  for (const [index, { id }] of ids.entries()) {
    if (jobs.length === params.limit || index === most || (where !== undefined && performance.now() > until)) {
      return { jobs, ...(last === undefined ? {} : { next: cursorOf(last, byDeath) }) };
    }
    const row = db.sql(`SELECT ${jobViewColumns} FROM jobs j ${jobViewJoins} WHERE j.id = ?`).get(id ?? null) as JobViewRow | undefined;
    // It has been deleted meanwhile.
    if (row === undefined) continue;
    last = row;
    const summary = jobSummary(row);
    if (where === undefined || where.admits(summary, where.readsTexts ? textsOf(db, row.id) : noTexts)) jobs.push(summary);
  }
  return { jobs };
}

function query(params: ListJobsParams, byDeath: boolean): { readonly text: string; readonly values: (string | number)[] } {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...given: (string | number)[]): void => {
    conditions.push(condition);
    values.push(...given);
  };
  // Written out, so that SQLite sees that a partial index fits.
  if (params.state !== undefined) add(`j.state = '${params.state}'`);
  if (params.queue !== undefined) add('j.queue_id = (SELECT id FROM queues WHERE name = ?)', params.queue);
  if (params.group !== undefined) add('j.failure_group = ?', params.group);
  if (params.runId !== undefined) {
    if (params.step === undefined) add('j.step_id IN (SELECT id FROM steps WHERE run_id = ?)', params.runId);
    else add('j.step_id IN (SELECT id FROM steps WHERE run_id = ? AND name = ?)', params.runId, params.step);
  } else if (params.step !== undefined) {
    add('(SELECT s.name FROM steps s WHERE s.id = j.step_id) = ?', params.step);
  }
  if (params.cursor !== undefined) {
    const [, diedAt, id] = /^(\d{1,15})\.(\d{1,15})$/.exec(params.cursor) ?? [];
    if (diedAt === undefined || id === undefined) throw new CodedError('invalid-params', '`cursor` must be `next` of an earlier page of the same list.');
    if (byDeath) add('(j.ended_at, j.id) < (?, ?)', Number(diedAt), Number(id));
    else add('j.id < ?', Number(id));
  }
  const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const order = byDeath ? 'j.ended_at DESC, j.id DESC' : 'j.id DESC';
  return { text: `SELECT j.id FROM jobs j ${filter} ORDER BY ${order} LIMIT ?`, values };
}

function cursorOf(row: JobViewRow, byDeath: boolean): string {
  return `${byDeath ? (row.ended_at ?? 0) : 0}.${row.id}`;
}

function textsOf(db: Database, id: number): JobTexts {
  const row = db.sql('SELECT payload, item FROM payloads WHERE job_id = ?').get(id) as Pick<PayloadRow, 'payload' | 'item'> | undefined;
  return { payload: parsedJson(row?.payload) ?? null, item: parsedJson(row?.item) ?? null };
}
