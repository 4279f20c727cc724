import type { Database } from '../database.ts';
import { type JobTexts, Where } from '../../../ledger/evaluating.ts';
import { jobBefore, jobCursor } from '../../../ledger/page.ts';
import type { AttemptRow, DraftRow, PayloadRow, RevisionRow } from '../../../ledger/row.ts';
import { jobDetail, jobSummary, type JobViewRow, parsedJson } from '../../../ledger/view.ts';
import type { JobDetail, JobSummary } from '../../../../schemas/protocol/job.ts';
import type { ListJobsParams } from '../../store.ts';

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
      return { jobs, ...(last === undefined ? {} : { next: jobCursor(last, byDeath) }) };
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
  if (params.state !== undefined) add(params.state === 'delayed' ? "j.state IN ('delayed', 'waiting')" : `j.state = '${params.state}'`);
  if (params.queue !== undefined) add('j.queue_id = (SELECT id FROM queues WHERE name = ?)', params.queue);
  if (params.group !== undefined) add('j.failure_group = ?', params.group);
  if (params.runId !== undefined) {
    if (params.step === undefined) add('j.step_id IN (SELECT id FROM steps WHERE run_id = ?)', params.runId);
    else add('j.step_id IN (SELECT id FROM steps WHERE run_id = ? AND name = ?)', params.runId, params.step);
  } else if (params.step !== undefined) {
    add('(SELECT s.name FROM steps s WHERE s.id = j.step_id) = ?', params.step);
  }
  if (params.cursor !== undefined) {
    const { diedAt, id } = jobBefore(params.cursor);
    if (byDeath) add('(j.ended_at, j.id) < (?, ?)', diedAt, id);
    else add('j.id < ?', id);
  }
  const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const order = byDeath ? 'j.ended_at DESC, j.id DESC' : 'j.id DESC';
  return { text: `SELECT j.id FROM jobs j ${filter} ORDER BY ${order} LIMIT ?`, values };
}

function textsOf(db: Database, id: number): JobTexts {
  const row = db.sql('SELECT payload, item FROM payloads WHERE job_id = ?').get(id) as Pick<PayloadRow, 'payload' | 'item'> | undefined;
  return { payload: parsedJson(row?.payload) ?? null, item: parsedJson(row?.item) ?? null };
}

/** What a `JobViewRow` needs; more conditions follow. */
const jobViewColumns =
  'j.*, s.run_id, r.workflow, s.name AS step, s.uses, s.pages, q.name AS queue, d.revision AS draft_revision, d.saved_at AS draft_saved_at, d.saved_by AS draft_saved_by, w.kind AS wait_kind, w.name AS wait_name, w.child_id AS wait_child';
const jobViewJoins =
  'JOIN steps s ON s.id = j.step_id JOIN runs r ON r.id = s.run_id JOIN queues q ON q.id = j.queue_id LEFT JOIN payload_drafts d ON d.job_id = j.id LEFT JOIN waits w ON w.job_id = j.id';

export function getJob(db: Database, { jobId }: { readonly jobId: number }): JobDetail | undefined {
  const job = db.sql(`SELECT ${jobViewColumns} FROM jobs j ${jobViewJoins} WHERE j.id = ?`).get(jobId) as JobViewRow | undefined;
  if (job === undefined) return undefined;
  return jobDetail({
    storeId: String(db.sql("SELECT value FROM meta WHERE key = 'store_id'").get()?.['value']),
    job,
    attempts: db.sql('SELECT * FROM attempts WHERE job_id = ? ORDER BY number').all(jobId) as unknown as AttemptRow[],
    payload: db.sql('SELECT payload, item, created_at FROM payloads WHERE job_id = ?').get(jobId) as unknown as PayloadRow,
    revisions: db.sql('SELECT revision, payload, created_at FROM payload_revisions WHERE job_id = ? ORDER BY revision').all(jobId) as unknown as RevisionRow[],
    draft: db.sql('SELECT revision, payload, saved_at FROM payload_drafts WHERE job_id = ?').get(jobId) as DraftRow | undefined,
  });
}
