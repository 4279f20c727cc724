import type { JobSummary } from '../../../../schemas/protocol/job.ts';
import { formatJobId, formatRunId } from '../../../../schemas/protocol/id.ts';
import type { RunSummary } from '../../../../schemas/protocol/run.ts';
import type { JobCounts, JobError } from '../../../../schemas/protocol/shape.ts';
import type { JobRow, RunRow } from '../../../ledger/row.ts';

/** The shapes of the protocol, from rows. */

export type JobViewRow = JobRow & {
  readonly run_id: number;
  readonly workflow: string;
  readonly step: string;
  readonly uses: string;
  readonly queue: string;
  readonly draft_revision: number | null;
  readonly draft_saved_at: number | null;
  readonly draft_saved_by: string | null;
};

/** What a `JobViewRow` needs; more conditions follow. */
export const jobViewColumns =
  'j.*, s.run_id, r.workflow, s.name AS step, s.uses, q.name AS queue, d.revision AS draft_revision, d.saved_at AS draft_saved_at, d.saved_by AS draft_saved_by';
export const jobViewJoins =
  'JOIN steps s ON s.id = j.step_id JOIN runs r ON r.id = s.run_id JOIN queues q ON q.id = j.queue_id LEFT JOIN payload_drafts d ON d.job_id = j.id';

export interface CountsRow {
  readonly total: number;
  readonly succeeded: number;
  readonly dead: number;
  readonly cancelled: number;
  readonly discarded: number;
}

export function countsOf(row: CountsRow): JobCounts {
  const { total, succeeded, dead, cancelled, discarded } = row;
  return { total, open: total - succeeded - dead - cancelled - discarded, succeeded, dead, cancelled, discarded };
}

export function jobSummary(row: JobViewRow): JobSummary {
  return {
    id: formatJobId(row.id),
    run: formatRunId(row.run_id),
    workflow: row.workflow,
    step: row.step,
    queue: row.queue,
    uses: row.uses,
    state: row.state,
    priority: row.priority,
    createdAt: iso(row.created_at),
    dueAt: iso(row.due_at),
    ...(row.ended_at === null ? {} : { endedAt: iso(row.ended_at) }),
    ...(row.item_key === null ? {} : { key: row.item_key }),
    ...(row.item_index === null ? {} : { index: row.item_index }),
    attemptCount: row.attempt,
    ...(row.round > 1 ? { replays: row.round - 1 } : {}),
    // The last error is history once the job has succeeded; its attempts keep it.
    ...(row.error === null || row.state === 'succeeded' ? {} : { error: JSON.parse(row.error) as JobError }),
    ...(row.state !== 'dead' || row.failure_group === null ? {} : { group: row.failure_group }),
    ...(row.draft_revision === null || row.draft_saved_at === null
      ? {}
      : { draft: { revision: row.draft_revision, savedAt: iso(row.draft_saved_at), ...(row.draft_saved_by === null ? {} : { savedBy: row.draft_saved_by }) } }),
    ...(row.warning === null ? {} : { warning: row.warning }),
    ...(row.discard_reason === null ? {} : { discardReason: row.discard_reason }),
  };
}

export type RunViewRow = RunRow & CountsRow & { readonly duplicates: number; readonly warnings: number; readonly held_after: number | null };

export function runSummary(row: RunViewRow): RunSummary {
  return {
    id: formatRunId(row.id),
    workflow: row.workflow,
    version: row.version,
    state: row.state,
    createdAt: iso(row.created_at),
    ...(row.ended_at === null ? {} : { endedAt: iso(row.ended_at) }),
    closing: row.closing === 1,
    ...(row.held_after === null || row.state !== 'running' || row.cancelling === 1 ? {} : { heldAfter: row.held_after }),
    ...(row.error === null ? {} : { error: JSON.parse(row.error) as NonNullable<RunSummary['error']> }),
    jobs: countsOf(row),
    duplicates: row.duplicates,
    warnings: row.warnings,
  };
}

export function iso(time: number): string {
  return new Date(time).toISOString();
}

export function parsedJson(text: string | null | undefined): unknown {
  return text === null || text === undefined ? undefined : JSON.parse(text);
}
