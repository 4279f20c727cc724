import type { AttemptState } from '../../schemas/protocol/id.ts';
import type { JobError } from '../../schemas/protocol/shape.ts';
import type { Book } from './book.ts';
import type { SettleParams } from './call.ts';
import type { LedgerJob } from './row.ts';

/** What an attempt was, for ever: later rounds and edits add rows, and change none. */
export function recordAttempt(
  book: Book,
  job: LedgerJob,
  { startedAt, endedAt, request, response }: Pick<SettleParams, 'startedAt' | 'endedAt' | 'request' | 'response'>,
  state: AttemptState,
  output: string | Uint8Array | null,
  error: JobError | undefined,
): void {
  book.insert('attempts', {
    job_id: job.id,
    number: job.attempt,
    round: job.round,
    revision: job.revision,
    state,
    started_at: startedAt ?? job.started_at ?? endedAt,
    ended_at: endedAt,
    output: typeof output === 'string' ? output : null,
    error: error === undefined ? null : JSON.stringify(error),
    request: request ?? null,
    response: response ?? null,
  });
  if (output instanceof Uint8Array) book.write({ kind: 'set_output', jobId: job.id, attempt: job.attempt, output });
}
