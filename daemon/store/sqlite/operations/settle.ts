import type { JobError } from '../../../../schemas/protocol/shape.ts';
import type { AttemptState } from '../../../../schemas/protocol/state.ts';
import type { AttemptOutcome, Settled, SettleParams } from '../../store.ts';
import { deadGroupOf } from '../dead-group-of.ts';
import type { JobRow } from '../row.ts';
import type { WriteTransaction } from '../write-transaction.ts';

export type ActiveJob = Pick<
  JobRow,
  'id' | 'step_id' | 'queue_id' | 'state' | 'attempt' | 'round' | 'revision' | 'tries' | 'throttles' | 'crashes' | 'cancel_requested' | 'swept' | 'started_at'
>;

export const activeColumns = 'id, step_id, queue_id, state, attempt, round, revision, tries, throttles, crashes, cancel_requested, swept, started_at';

/** Outcomes on their way to the writer, as the text that may have been noted. */
export interface SettleCall {
  /** JSON of `SettleParams[]`. */
  readonly outcomes: string;
  readonly now: number;
}

export function settleCall(outcomes: readonly SettleParams[]): SettleCall {
  return { outcomes: JSON.stringify(outcomes), now: outcomes.reduce((latest, { endedAt }) => Math.max(latest, endedAt), 0) };
}

export function settle(tx: WriteTransaction, { outcomes }: SettleCall): Settled {
  const refused: number[] = [];
  for (const [index, outcome] of (JSON.parse(outcomes) as SettleParams[]).entries()) if (!settleOne(tx, outcome)) refused.push(index);
  return { refused, failed: [] };
}

/** False where the outcome is refused. */
function settleOne(tx: WriteTransaction, params: SettleParams): boolean {
  const job = tx.db.sql(`SELECT ${activeColumns} FROM jobs WHERE id = ?`).get(params.jobId) as ActiveJob | undefined;
  if (params.hold !== undefined && job !== undefined) {
    const { until, by } = params.hold;
    tx.db
      .sql('UPDATE queues SET held_until = ?, held_by = ? WHERE id = ? AND coalesce(held_until, 0) < ?')
      .run(until, by === undefined ? null : JSON.stringify(by), job.queue_id, until);
  }
  // The fence: an attempt that was given up, or that a later one has followed, has no say any more.
  if (job === undefined || job.state !== 'active' || job.attempt !== params.attempt) return false;

  const { outcome, endedAt } = params;
  switch (outcome.kind) {
    case 'succeeded':
      recordAttempt(tx, job, params, 'succeeded', outcome.output, undefined);
      tx.moveJob(job, 'succeed');
      tx.db.sql("UPDATE jobs SET state = 'succeeded', tries = tries + 1, swept = 0, ended_at = ? WHERE id = ?").run(endedAt, job.id);
      if (outcome.warning !== undefined) warn(tx, job, outcome.warning);
      break;
    case 'retry':
      recordAttempt(tx, job, params, outcome.charged ? 'failed' : 'throttled', null, outcome.error);
      if (outcome.progress !== undefined) tx.db.sql('UPDATE jobs SET progress = ? WHERE id = ?').run(outcome.progress, job.id);
      if (isGivenUp(job)) {
        cancelActive(tx, job, endedAt);
        break;
      }
      tx.moveJob(job, 'retry');
      tx.db
        .sql("UPDATE jobs SET state = 'delayed', due_at = ?, tries = tries + ?, throttles = ?, started_at = NULL, error = ? WHERE id = ?")
        .run(outcome.dueAt, outcome.charged ? 1 : 0, throttlesAfter(job, outcome), JSON.stringify(outcome.error), job.id);
      break;
    case 'dead':
      recordAttempt(tx, job, params, 'failed', null, outcome.error);
      if (outcome.progress !== undefined) tx.db.sql('UPDATE jobs SET progress = ? WHERE id = ?').run(outcome.progress, job.id);
      bury(tx, job, outcome.error, endedAt, params.response);
      break;
    case 'returned':
      putBack(tx, job, endedAt);
      break;
    case 'interrupted':
      recordAttempt(tx, job, params, 'interrupted', null, undefined);
      if (isGivenUp(job)) {
        cancelActive(tx, job, endedAt);
        break;
      }
      tx.moveJob(job, 'interrupt');
      tx.db.sql("UPDATE jobs SET state = 'pending', started_at = NULL WHERE id = ?").run(job.id);
      break;
    case 'cancelled':
      recordAttempt(tx, job, params, 'cancelled', null, undefined);
      cancelActive(tx, job, endedAt);
      break;
  }
  return true;
}

/** How often the receiver has said "later" since it last took something. */
function throttlesAfter(job: ActiveJob, { charged, progress }: Extract<AttemptOutcome, { kind: 'retry' }>): number {
  if (charged) return job.throttles;
  return progress === undefined ? job.throttles + 1 : 0;
}

/** A success that a person should look at. */
function warn(tx: WriteTransaction, job: ActiveJob, warning: string): void {
  tx.db.sql('UPDATE jobs SET warning = ? WHERE id = ?').run(warning, job.id);
  tx.db.sql('UPDATE steps SET warnings = warnings + 1 WHERE id = ?').run(job.step_id);
}

/** Its attempt has never begun: as if it hadn't been claimed. */
export function putBack(tx: WriteTransaction, job: ActiveJob, now: number): void {
  if (isGivenUp(job)) {
    cancelActive(tx, job, now);
    return;
  }
  tx.moveJob(job, 'interrupt');
  tx.db.sql("UPDATE jobs SET state = 'pending', attempt = attempt - 1, started_at = NULL WHERE id = ?").run(job.id);
}

/** Its attempt was left to end, but no other may follow: it, or its step, has been cancelled meanwhile. */
export function isGivenUp(job: ActiveJob): boolean {
  return job.cancel_requested === 1 || job.swept === 1;
}

/** `response`: JSON of what the other side answered, from which its group follows. */
export function bury(tx: WriteTransaction, job: ActiveJob, error: JobError, endedAt: number, response?: string): void {
  tx.moveJob(job, 'die');
  tx.db
    .sql("UPDATE jobs SET state = 'dead', tries = tries + 1, swept = 0, ended_at = ?, error = ?, failure_group = ? WHERE id = ?")
    .run(endedAt, JSON.stringify(error), deadGroupOf(tx.state.stepInfo(job.step_id).uses, error, response), job.id);
}

export function cancelActive(tx: WriteTransaction, job: ActiveJob, endedAt: number): void {
  tx.moveJob(job, 'cancel');
  // Whom a person cancelled stays so; whom a sibling's death cancelled goes on when that sibling does.
  const swept = job.cancel_requested === 1 ? 0 : job.swept;
  tx.db.sql("UPDATE jobs SET state = 'cancelled', swept = ?, ended_at = ? WHERE id = ?").run(swept, endedAt, job.id);
}

/** What an attempt was, for ever: later rounds and edits add rows, and change none. */
export function recordAttempt(
  tx: WriteTransaction,
  job: ActiveJob,
  { startedAt, endedAt, request, response }: Pick<SettleParams, 'startedAt' | 'endedAt' | 'request' | 'response'>,
  state: AttemptState,
  output: string | null,
  error: JobError | undefined,
): void {
  tx.db
    .sql(
      `INSERT INTO attempts (job_id, number, round, revision, state, started_at, ended_at, output, error, request, response)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      job.id,
      job.attempt,
      job.round,
      job.revision,
      state,
      startedAt ?? job.started_at ?? endedAt,
      endedAt,
      output,
      error === undefined ? null : JSON.stringify(error),
      request ?? null,
      response ?? null,
    );
}
