import { CodedError } from './error.ts';
import type { JobDetail } from './job.ts';
import type { DaemonCalls } from './letter-edits.ts';

/** Those of the jobs that are there, in the order of `ids`; all are asked for at the same time. */
export async function jobsById(daemon: DaemonCalls, ids: readonly string[]): Promise<JobDetail[]> {
  const jobs = await Promise.all(ids.map((id) => jobOrGone(daemon, id)));
  return jobs.filter((job) => job !== undefined);
}

async function jobOrGone(daemon: DaemonCalls, id: string): Promise<JobDetail | undefined> {
  try {
    return await daemon.call('job/get', { id });
  } catch (error) {
    if (error instanceof CodedError && error.code === 'not-found') return undefined;
    throw error;
  }
}
