import { CodedError } from '../../../../schemas/protocol/error.ts';
import { formatJobId } from '../../../../schemas/protocol/id.ts';
import type { Json } from '../../../../schemas/workflow/json.ts';
import type { SecretUse } from '../../../../schemas/workflow/template.ts';
import { revisedSecrets } from '../../revised-secrets.ts';
import type { DropDraftParams, SaveDraftParams } from '../../store.ts';
import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { deadJob } from './dead-job.ts';

export interface DraftRow {
  readonly job_id: number;
  readonly revision: number;
  readonly saved_at: number;
  readonly saved_by: string | null;
  readonly payload: string;
}

/**
 * Keeps an edited payload beside the one that was sent; the next replay sends it. It takes the place of a draft that is there. Each save has a
 * revision number of its own, which is never given twice, so that whoever edited an earlier one can be told.
 */
export function saveDraft(tx: WriteTransaction, { jobId, payload, baseRevision, savedBy, now }: SaveDraftParams): { readonly revision: number } {
  const job = deadJob(tx, jobId);
  const before = draftOf(tx, jobId);
  refuseOtherBase(job, before, baseRevision);
  const revision = nextRevision(tx, job);
  tx.db
    .sql('INSERT OR REPLACE INTO payload_drafts (job_id, revision, saved_at, saved_by, payload) VALUES (?, ?, ?, ?, ?)')
    .run(jobId, revision, now, savedBy ?? null, payload);
  tx.db.sql('UPDATE jobs SET last_revision = ? WHERE id = ?').run(revision, jobId);
  touch(tx, job);
  return { revision };
}

/** The payload that was sent counts again. In any state of the job: one that was replayed with its original keeps its draft. */
export function dropDraft(tx: WriteTransaction, { jobId, baseRevision }: DropDraftParams): { readonly dropped: boolean } {
  const job = tx.db.sql('SELECT id, step_id, queue_id, state, revision FROM jobs WHERE id = ?').get(jobId) as Pick<JobRow, 'id' | 'step_id' | 'queue_id' | 'state' | 'revision'> | undefined;
  if (job === undefined) throw new CodedError('not-found', `There is no job ${formatJobId(jobId)}.`);
  const draft = draftOf(tx, jobId);
  refuseOtherBase(job, draft, baseRevision);
  if (draft === undefined) return { dropped: false };
  deleteDraft(tx, jobId);
  touch(tx, job);
  return { dropped: true };
}

export function draftOf(tx: WriteTransaction, jobId: number): DraftRow | undefined {
  return tx.db.sql('SELECT job_id, revision, saved_at, saved_by, payload FROM payload_drafts WHERE job_id = ?').get(jobId) as DraftRow | undefined;
}

export function deleteDraft(tx: WriteTransaction, jobId: number): void {
  tx.db.sql('DELETE FROM payload_drafts WHERE job_id = ?').run(jobId);
}

/** The number of the next revision of a job's payload. */
export function nextRevision(tx: WriteTransaction, { id, revision }: Pick<JobRow, 'id' | 'revision'>): number {
  const last = tx.db.sql('SELECT last_revision FROM jobs WHERE id = ?').get(id)?.['last_revision'];
  return Math.max(revision, typeof last === 'number' ? last : 0) + 1;
}

/** The job's payload is this one from now on; the one before stays as a revision. */
export function revise(tx: WriteTransaction, job: Pick<JobRow, 'id' | 'revision'>, { revision, payload, now }: { readonly revision: number; readonly payload: string; readonly now: number }): void {
  const kept = tx.db.sql('SELECT secrets FROM payloads WHERE job_id = ?').get(job.id)?.['secrets'];
  const secrets = typeof kept === 'string' ? revisedSecrets(JSON.parse(kept) as SecretUse[], JSON.parse(payload) as Json) : [];
  tx.db
    .sql('INSERT INTO payload_revisions (job_id, revision, payload, created_at, secrets) SELECT job_id, ?, payload, created_at, secrets FROM payloads WHERE job_id = ?')
    .run(job.revision, job.id);
  tx.db.sql('UPDATE payloads SET payload = ?, secrets = ?, created_at = ? WHERE job_id = ?').run(
    payload,
    secrets.length === 0 ? null : JSON.stringify(secrets),
    now,
    job.id,
  );
  tx.db.sql('UPDATE jobs SET revision = ?1, last_revision = max(coalesce(last_revision, 0), ?1) WHERE id = ?2').run(revision, job.id);
}

function refuseOtherBase(job: Pick<JobRow, 'id' | 'revision'>, draft: DraftRow | undefined, baseRevision: number | undefined): void {
  const newest = draft?.revision ?? job.revision;
  if (baseRevision === undefined || baseRevision === newest) return;
  const by = draft?.saved_by ?? undefined;
  const said = draft === undefined ? 'its edit was dropped, or sent' : `another edit of it was saved${by === undefined ? '' : ` by ${by}`}`;
  throw new CodedError('conflict', `The payload of ${formatJobId(job.id)} has changed since it was opened: ${said}.`, { revision: newest, ...(by === undefined ? {} : { by }) });
}

function touch(tx: WriteTransaction, { queue_id, step_id }: Pick<JobRow, 'queue_id' | 'step_id'>): void {
  tx.touchQueue(queue_id);
  tx.touchRun(tx.state.stepInfo(step_id).runId);
}
