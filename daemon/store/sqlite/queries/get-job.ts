import type { JobDetail } from '../../../../schemas/protocol/job.ts';
import type { AttemptRow, DraftRow, PayloadRow, RevisionRow } from '../../../ledger/row.ts';
import { jobDetail, type JobViewRow } from '../../../ledger/view.ts';
import type { Database } from '../database.ts';

/** What a `JobViewRow` needs; more conditions follow. */
export const jobViewColumns =
  'j.*, s.run_id, r.workflow, s.name AS step, s.uses, q.name AS queue, d.revision AS draft_revision, d.saved_at AS draft_saved_at, d.saved_by AS draft_saved_by';
export const jobViewJoins =
  'JOIN steps s ON s.id = j.step_id JOIN runs r ON r.id = s.run_id JOIN queues q ON q.id = j.queue_id LEFT JOIN payload_drafts d ON d.job_id = j.id';

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
