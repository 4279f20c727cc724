import type { JobDetail } from '../../schemas/protocol/job.ts';
import type { RunDetail } from '../../schemas/protocol/run.ts';
import { isJobEnded, isStepEnded } from '../../schemas/protocol/id.ts';
import type { SinkRequest } from '../support/http-sink.ts';
import { webhookId } from './kill-epochs.ts';

export interface Aftermath {
  /** All that the receiver got, from all daemons. */
  readonly requests: readonly SinkRequest[];
  /** All of the store's. */
  readonly jobs: readonly JobDetail[];
  readonly runs: readonly RunDetail[];
  /** The keys of the items of each accepted run. */
  readonly accepted: ReadonlyMap<string, readonly string[]>;
}

/** Every promise that was broken, in words; none where the engine keeps its promises (DESIGN, section 5). */
export function brokenPromises(aftermath: Aftermath): string[] {
  return [...lostItems(aftermath), ...unfinished(aftermath), ...wrongDeliveries(aftermath), ...wrongKeys(aftermath)];
}

/** Accepted means kept: each item of an accepted run is one job, no more and no less. */
function lostItems({ accepted, runs, jobs }: Aftermath): string[] {
  const known = new Set(runs.map(({ id }) => id));
  return [...accepted].flatMap(([id, items]) => {
    if (!known.has(id)) return [`${id} was accepted, and is gone`];
    const had = jobs.flatMap((job) => (job.run === id && job.key !== undefined ? [job.key] : [])).sort();
    const wanted = [...items].sort();
    return had.join('\n') === wanted.join('\n') ? [] : [`${id} has ${had.length} jobs for ${wanted.length} items, or others`];
  });
}

/** Nothing is stuck. */
function unfinished({ runs, jobs }: Aftermath): string[] {
  const openRuns = runs.flatMap((run) => {
    const steps = run.steps.filter(({ state }) => !isStepEnded(state)).map(({ id, state }) => `${run.id}.${id} is ${state}`);
    return run.state === 'running' || run.closing ? [`${run.id} is still running`, ...steps] : [];
  });
  return [...openRuns, ...jobs.filter(({ state }) => !isJobEnded(state)).map(({ id, state }) => `${id} is ${state}`)];
}

/** At least once where it succeeded, never more often than attempts were on disk before, each of which has ended. */
function wrongDeliveries({ requests, jobs }: Aftermath): string[] {
  const count = new Map<string, number>();
  for (const request of requests) count.set(webhookId(request), (count.get(webhookId(request)) ?? 0) + 1);
  return jobs.flatMap(({ id, state, attempts, revisions }) => {
    const faults: string[] = [];
    const arrived = revisions.map(({ idempotencyKey }) => count.get(idempotencyKey) ?? 0).reduce((sum, one) => sum + one, 0);
    if (state === 'succeeded' && arrived === 0) faults.push(`${id} succeeded, and never arrived`);
    if (arrived > attempts.length) faults.push(`${id} arrived ${arrived} times in ${attempts.length} attempts`);
    if (attempts.some(({ number }, index) => number !== index + 1)) faults.push(`${id} has attempts ${attempts.map(({ number }) => number).join()}`);
    if (attempts.some((attempt) => attempt.state === 'active')) faults.push(`${id} has an attempt that never ended`);
    if (attempts.filter((attempt) => attempt.state === 'succeeded').length > 1) faults.push(`${id} succeeded twice`);
    return faults;
  });
}

/** A job's every request carries the job's own key, and no two jobs share one. */
function wrongKeys({ requests, jobs }: Aftermath): string[] {
  const jobByKey = new Map<string, JobDetail>();
  const faults: string[] = [];
  for (const job of jobs) {
    for (const { idempotencyKey } of job.revisions) {
      if (jobByKey.has(idempotencyKey)) faults.push(`${job.id} shares the key ${idempotencyKey}`);
      jobByKey.set(idempotencyKey, job);
    }
  }
  for (const request of requests) {
    const job = jobByKey.get(webhookId(request));
    const { item } = JSON.parse(request.body ?? '{}') as { readonly item?: unknown };
    if (job === undefined) faults.push(`a request came with the key ${webhookId(request)}, which is not a job's`);
    else if (job.key !== item) faults.push(`the item ${String(item)} came with the key of ${job.id}, which is for ${job.key ?? 'no item'}`);
  }
  return faults;
}
