import type { JobDetail } from '../../schemas/protocol/job.ts';
import { isJobEnded } from '../../schemas/protocol/state.ts';
import type { Daemon } from '../connection/daemon-client.ts';

/** What came of the few that were replayed first. */
export interface CanaryResult {
  readonly succeeded: number;
  /** Died again, or their first attempt failed and is tried again later. */
  readonly failed: number;
  /** Have given no answer yet. */
  readonly open: number;
  /** What the newest failure says. */
  readonly cause?: string;
}

export interface CanaryOptions {
  /** Resolves when it is worth looking again. */
  readonly nextLook: () => Promise<void>;
  readonly isCancelled: () => boolean;
  readonly onProgress?: (result: CanaryResult) => void;
}

/**
 * Waits until each of the jobs has succeeded or failed once. A failed attempt is answer enough: its retries may take hours. `before`: how many
 * attempts each had before its replay.
 *
 * @throws CodedError where the daemon is lost
 */
export async function watchCanary(daemon: Daemon, before: ReadonlyMap<string, number>, { nextLook, isCancelled, onProgress }: CanaryOptions): Promise<CanaryResult> {
  const open = new Set(before.keys());
  let succeeded = 0;
  let failed = 0;
  let cause: string | undefined;
  const result = (): CanaryResult => ({ succeeded, failed, open: open.size, ...(cause === undefined ? {} : { cause }) });
  while (true) {
    for (const job of await Promise.all([...open].map((id) => daemon.call('job/get', { id })))) {
      const answer = answerOf(job, before.get(job.id) ?? 0);
      if (answer === 'open') continue;
      open.delete(job.id);
      if (answer === 'succeeded') succeeded++;
      else {
        failed++;
        cause = job.error?.cause ?? cause;
      }
    }
    onProgress?.(result());
    if (open.size === 0 || isCancelled()) return result();
    await nextLook();
  }
}

/** Of several projects, as of one. */
export function joinResults(results: readonly CanaryResult[]): CanaryResult {
  const add = (count: (result: CanaryResult) => number): number => results.reduce((sum, result) => sum + count(result), 0);
  const cause = results.findLast((result) => result.cause !== undefined)?.cause;
  return { succeeded: add(({ succeeded }) => succeeded), failed: add(({ failed }) => failed), open: add(({ open }) => open), ...(cause === undefined ? {} : { cause }) };
}

function answerOf({ state, attemptCount }: Pick<JobDetail, 'state' | 'attemptCount'>, attemptsBefore: number): 'succeeded' | 'failed' | 'open' {
  if (state === 'succeeded') return 'succeeded';
  if (isJobEnded(state)) return 'failed';
  return state === 'delayed' && attemptCount > attemptsBefore ? 'failed' : 'open';
}
