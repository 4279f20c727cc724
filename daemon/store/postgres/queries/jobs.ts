import { type JobTexts, Where } from '../../../ledger/evaluating.ts';
import { jobBefore, jobCursor } from '../../../ledger/page.ts';
import type { AttemptRow, DraftRow, PayloadRow, RevisionRow } from '../../../ledger/row.ts';
import { jobDetail, jobSummary, type JobViewRow, parsedJson } from '../../../ledger/view.ts';
import type { JobDetail, JobSummary } from '../../../../schemas/protocol/job.ts';
import type { ListJobsParams } from '../../store.ts';
import { list } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { Conditions } from './conditions.ts';

/** Rows that one page looks at, when a `where` lets few of them through. */
const maxScanned = 50_000;
/** How long one page may take with a `where`, in milliseconds. It ends early then, with a cursor. */
const maxScanMs = 200;
/** Rows that are read together. */
const readTogether = 500;

const noTexts: JobTexts = { payload: null, item: null };

/** Newest first; dead letters by when they died. */
export async function listJobs(tx: Transaction, params: ListJobsParams): Promise<{ readonly jobs: JobSummary[]; readonly next?: string }> {
  const where = params.where === undefined ? undefined : new Where(params.where);
  const byDeath = params.state === 'dead';
  const most = where === undefined ? params.limit : maxScanned;
  // Numbers first, rows then: where a million jobs have to be sorted, their indexes are enough for it.
  const { text, values } = query(params, byDeath, most + 1);
  const ids = (await tx.values(text, values)).map(([id]) => Number(id));
  const jobs: JobSummary[] = [];
  const until = performance.now() + maxScanMs;
  let last: JobViewRow | undefined;
  for (let from = 0; from < ids.length; from += readTogether) {
    const some = ids.slice(from, from + readTogether);
    const [rows, texts] = await Promise.all([viewRows(tx, some), where?.readsTexts === true ? textsOf(tx, some) : new Map<number, JobTexts>()]);
    for (const [offset, id] of some.entries()) {
      if (jobs.length === params.limit || from + offset === most || (where !== undefined && performance.now() > until)) {
        return { jobs, ...(last === undefined ? {} : { next: jobCursor(last, byDeath) }) };
      }
      const row = rows.get(id);
      if (row === undefined) continue;
      last = row;
      const summary = jobSummary(row);
      if (where === undefined || where.admits(summary, texts.get(id) ?? noTexts)) jobs.push(summary);
    }
  }
  return { jobs };
}

function query({ state, queue, group, runId, step, cursor }: ListJobsParams, byDeath: boolean, limit: number): { readonly text: string; readonly values: Conditions['values'] } {
  const where = new Conditions();
  // Written out, so that a partial index fits.
  if (state !== undefined) where.add(() => (state === 'delayed' ? "j.state IN ('delayed', 'waiting')" : `j.state = '${state}'`));
  if (queue !== undefined) where.add(($) => `j.queue_id = (SELECT id FROM queues WHERE name = ${$(queue)})`);
  if (group !== undefined) where.add(($) => `j.failure_group = ${$(group)}`);
  if (runId !== undefined) where.add(($) => `j.step_id IN (SELECT id FROM steps WHERE run_id = ${$(runId)}${step === undefined ? '' : ` AND name = ${$(step)}`})`);
  else if (step !== undefined) where.add(($) => `(SELECT s.name FROM steps s WHERE s.id = j.step_id) = ${$(step)}`);
  if (cursor !== undefined) {
    const { diedAt, id } = jobBefore(cursor);
    where.add(($) => (byDeath ? `(j.ended_at, j.id) < (${$(diedAt)}, ${$(id)})` : `j.id < ${$(id)}`));
  }
  const text = `SELECT j.id FROM jobs j ${where.text} ORDER BY ${byDeath ? 'j.ended_at DESC, j.id DESC' : 'j.id DESC'} LIMIT ${where.$(limit)}`;
  return { text, values: where.values };
}

async function textsOf(tx: Transaction, ids: readonly number[]): Promise<ReadonlyMap<number, JobTexts>> {
  const rows = await tx.rows('SELECT job_id, payload, item FROM payloads WHERE job_id = ANY ($1::bigint[])', [list(ids)]);
  return new Map((rows as unknown as readonly PayloadRow[]).map(({ job_id: id, payload, item }) => [id, { payload: parsedJson(payload) ?? null, item: parsedJson(item) ?? null }]));
}

async function viewRows(tx: Transaction, ids: readonly number[]): Promise<ReadonlyMap<number, JobViewRow>> {
  const rows = await tx.rows(
    `SELECT j.*, s.run_id, r.workflow, s.name AS step, s.uses, s.pages, q.name AS queue, d.revision AS draft_revision, d.saved_at AS draft_saved_at, d.saved_by AS draft_saved_by,
       w.kind AS wait_kind, w.name AS wait_name, w.child_id AS wait_child, o.name AS daemon_name
     FROM jobs j JOIN steps s ON s.id = j.step_id JOIN runs r ON r.id = s.run_id JOIN queues q ON q.id = j.queue_id
     LEFT JOIN payload_drafts d ON d.job_id = j.id LEFT JOIN waits w ON w.job_id = j.id LEFT JOIN daemons o ON o.id = j.daemon AND j.state = 'active' WHERE j.id = ANY ($1::bigint[])`,
    [list(ids)],
  );
  return new Map((rows as unknown as readonly JobViewRow[]).map((row) => [row.id, row]));
}

export async function getJob(tx: Transaction, { jobId }: { readonly jobId: number }): Promise<JobDetail | undefined> {
  const [jobs, meta, attempts, payload, revisions, draft] = await Promise.all([
    viewRows(tx, [jobId]),
    tx.one("SELECT value FROM meta WHERE key = 'store_id'"),
    tx.rows('SELECT * FROM attempts WHERE job_id = $1 ORDER BY number', [jobId]),
    tx.one('SELECT payload, item, created_at FROM payloads WHERE job_id = $1', [jobId]),
    tx.rows('SELECT revision, payload, created_at FROM payload_revisions WHERE job_id = $1 ORDER BY revision', [jobId]),
    tx.one('SELECT revision, payload, saved_at FROM payload_drafts WHERE job_id = $1', [jobId]),
  ]);
  const job = jobs.get(jobId);
  if (job === undefined) return undefined;
  return jobDetail({
    storeId: String(meta?.['value']),
    job,
    attempts: attempts as unknown as readonly AttemptRow[],
    payload: payload as unknown as PayloadRow,
    revisions: revisions as unknown as readonly RevisionRow[],
    draft: draft as unknown as DraftRow | undefined,
  });
}
