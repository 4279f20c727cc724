import assert from 'node:assert/strict';
import { joinResults, watchCanary, type CanaryResult } from '../../../../extension/dead-letters/canary.ts';
import type { JobDetail } from '../../../../schemas/protocol/job.ts';
import type { MethodName, Params, Result } from '../../../../schemas/protocol/method.ts';
import { jobDetail } from '../../daemon/cli/protocol-samples.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

/** A daemon whose jobs stand as a test says. */
class Jobs extends ScriptedTopics {
  readonly jobs = new Map<string, Partial<JobDetail>>();
  asked = 0;

  override async call<M extends MethodName>(_method: M, params: Params<M>): Promise<Result<M>> {
    this.asked++;
    const { id } = params as Params<'job/get'>;
    return jobDetail({ id, ...this.jobs.get(id) }) as Result<M>;
  }
}

describe('a few that are replayed first', () => {
  const before = new Map([['j1', 5], ['j2', 5], ['j3', 5]]);
  const error = { kind: 'status', cause: '503 Service Unavailable', message: 'The server answered 503.' };
  const stepBy = (jobs: Jobs, steps: readonly Readonly<Record<string, Partial<JobDetail>>>[], isCancelled = (): boolean => false): { readonly seen: CanaryResult[]; readonly done: Promise<CanaryResult> } => {
    const left = [...steps];
    const seen: CanaryResult[] = [];
    const take = async (): Promise<void> => {
      const step = left.shift();
      assert.ok(step !== undefined, 'it looked for longer than it had to');
      for (const [id, fields] of Object.entries(step)) jobs.jobs.set(id, fields);
    };
    for (const id of before.keys()) jobs.jobs.set(id, { state: 'pending', attemptCount: 5 });
    return { seen, done: watchCanary(jobs, before, { nextLook: take, isCancelled, onProgress: (result) => seen.push(result) }) };
  };

  it('are waited for until each has succeeded, or has failed once', async () => {
    const jobs = new Jobs();
    const { seen, done } = stepBy(jobs, [
      { j1: { state: 'succeeded', attemptCount: 6 }, j2: { state: 'active', attemptCount: 5 } },
      { j2: { state: 'dead', attemptCount: 6, error } },
      { j3: { state: 'delayed', attemptCount: 5 } },
      { j3: { state: 'delayed', attemptCount: 6, error } },
    ]);
    assert.deepEqual(await done, { succeeded: 1, failed: 2, open: 0, cause: '503 Service Unavailable' });
    assert.deepEqual(seen.map(({ open }) => open), [3, 2, 1, 1, 0]);
    assert.equal(jobs.asked, 3 + 3 + 2 + 1 + 1, 'those that have answered are not asked for again');
  });

  it('are no longer waited for where the person has seen enough', async () => {
    let looks = 0;
    const { done } = stepBy(new Jobs(), [{ j1: { state: 'succeeded' } }], () => ++looks === 2);
    assert.deepEqual(await done, { succeeded: 1, failed: 0, open: 2 });
  });

  it('of several projects are counted together, and the newest failure that is known says why', () => {
    const cause = '503 Service Unavailable';
    assert.deepEqual(joinResults([{ succeeded: 1, failed: 1, open: 0, cause }, { succeeded: 0, failed: 0, open: 2 }]), { succeeded: 1, failed: 1, open: 2, cause });
    assert.deepEqual(joinResults([]), { succeeded: 0, failed: 0, open: 0 });
  });
});
