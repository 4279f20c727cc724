import type { DeadGroup, JobSummary } from '../../schemas/protocol/job.ts';
import { readDeadGroup } from '../../schemas/protocol/job.ts';
import type { Result } from '../../schemas/protocol/method.ts';
import { maxPage } from '../../schemas/protocol/shape.ts';
import type { Store } from '../store/store.ts';
import type { JobFilter } from './job-service.ts';

/** A page of a `where` takes the store up to 200 ms, so this ends within ten seconds. */
const maxPages = 50;

/**
 * Dead letters that meet conditions, by queue and by what they failed with, as `ViewStore.deadGroups` answers without conditions. They are read by
 * pages, between which other readers have their turn.
 */
export async function groupDeadLetters(store: Pick<Store, 'listJobs'>, filter: JobFilter, limit: number): Promise<Result<'dead/groups'>> {
  const groups = new Map<string, DeadGroup>();
  let cursor: string | undefined;
  let pages = 0;
  do {
    const { jobs, next } = await store.listJobs({ ...filter, state: 'dead', limit: maxPage, ...(cursor === undefined ? {} : { cursor }) });
    for (const job of jobs) {
      const key = JSON.stringify([job.queue, job.group]);
      groups.set(key, withJob(groups.get(key), job));
    }
    cursor = next;
    pages++;
  } while (cursor !== undefined && pages < maxPages);
  // A group is entered when its newest is met, and they come by when they died, the last one first.
  const sorted = [...groups.values()];
  return {
    groups: sorted.slice(0, limit),
    others: sorted.slice(limit).reduce((sum, { count }) => sum + count, 0),
    ...(cursor === undefined ? {} : { isPartial: true }),
  };
}

/** `job` died before all others of the group. */
function withJob(known: DeadGroup | undefined, { id, queue, group = '', createdAt, endedAt = createdAt, draft }: JobSummary): DeadGroup {
  const { count, newest, newestAt, edited = 0 } = known ?? { count: 0, newest: id, newestAt: endedAt };
  const nowEdited = edited + (draft === undefined ? 0 : 1);
  return { queue, group, ...readDeadGroup(group), count: count + 1, ...(nowEdited === 0 ? {} : { edited: nowEdited }), newestAt, newest, oldestAt: endedAt };
}
