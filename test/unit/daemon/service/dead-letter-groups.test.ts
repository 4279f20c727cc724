import assert from 'node:assert/strict';
import { groupDeadLetters } from '../../../../daemon/service/dead-letter-service.ts';
import type { ListJobsParams } from '../../../../daemon/store/store.ts';
import type { JobSummary } from '../../../../schemas/protocol/job.ts';

const at = (minute: number): string => `2026-11-24T09:${String(minute).padStart(2, '0')}:00.000Z`;

function deadJob(id: number, group: string): JobSummary {
  return { id: `j${id}`, run: 'r1', workflow: 'w', step: 's', queue: 'erp', uses: 'http', state: 'dead', priority: 0, createdAt: at(0), dueAt: at(0), endedAt: at(id), attemptCount: 1, group };
}

describe('groups of dead letters that meet conditions', () => {
  it('are counted over all pages, also those that end before they are full', async () => {
    const pages = new Map([
      [undefined, { jobs: [deadJob(4, 'http: 422'), deadJob(3, 'http: 503')], next: 'a' }],
      ['a', { jobs: [], next: 'b' }],
      ['b', { jobs: [deadJob(2, 'http: 503'), deadJob(1, 'http: 404')] }],
    ]);
    const listJobs = async ({ cursor }: ListJobsParams): Promise<{ jobs: JobSummary[]; next?: string }> => pages.get(cursor) ?? { jobs: [] };
    const { groups, others, isPartial } = await groupDeadLetters({ listJobs }, { where: 'true' }, 2);
    assert.deepEqual(groups.map(({ title, count, newest, newestAt, oldestAt }) => [title, count, newest, newestAt, oldestAt]), [
      ['422', 1, 'j4', at(4), at(4)],
      ['503', 2, 'j3', at(3), at(2)],
    ]);
    assert.deepEqual([others, isPartial], [1, undefined]);
  });

  it('end after as many pages as a person would wait for, and say so', async () => {
    let asked = 0;
    const listJobs = async (): Promise<{ jobs: JobSummary[]; next: string }> => ({ jobs: [deadJob(++asked % 60, 'http: 422')], next: 'more' });
    const { groups, isPartial } = await groupDeadLetters({ listJobs }, { where: 'true' }, 10);
    assert.deepEqual([asked, groups[0]?.count, isPartial], [50, 50, true]);
  });
});
