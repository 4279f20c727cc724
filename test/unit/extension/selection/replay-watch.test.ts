import assert from 'node:assert/strict';
import { emptyTally, haveAnswered, haveEnded, joinTallies, watchReplay } from '../../../../extension/selection/replay-watch.ts';
import type { MethodName, Params, Result } from '../../../../schemas/protocol/method.ts';
import type { ReplayTally } from '../../../../schemas/protocol/bulk.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

const error = { kind: 'status', cause: '503 Service Unavailable', message: 'The server answered 503.' };

/** A daemon whose tallies are those that a test has written down. */
class Tallies extends ScriptedTopics {
  tally: ReplayTally = emptyTally;
  readonly asked: number[] = [];

  override async call<M extends MethodName>(_method: M, params: Params<M>): Promise<Result<M>> {
    const { ids } = params as Params<'dead/tally'>;
    this.asked.push(ids.length);
    return this.tally as Result<M>;
  }
}

describe('jobs that were replayed', () => {
  const stepBy = (daemon: Tallies, steps: readonly Partial<ReplayTally>[], isEnough: (tally: ReplayTally) => boolean): { readonly seen: ReplayTally[]; readonly done: Promise<ReplayTally> } => {
    const left = [...steps];
    const seen: ReplayTally[] = [];
    const next = async (): Promise<void> => {
      const step = left.shift();
      assert.ok(step !== undefined, 'it looked for longer than it had to');
      daemon.tally = { ...emptyTally, ...step };
    };
    return { seen, done: watchReplay(daemon, ['j1', 'j2', 'j3'], { nextLook: next, isEnough, onProgress: (tally) => seen.push(tally) }) };
  };

  it('are followed until each has ended, and every look is told', async () => {
    const daemon = new Tallies();
    daemon.tally = { ...emptyTally, waiting: 3 };
    const { seen, done } = stepBy(daemon, [{ active: 1, waiting: 2 }, { succeeded: 1, retrying: 1, waiting: 1 }, { succeeded: 2, dead: 1, error }], haveEnded);
    assert.deepEqual(await done, { ...emptyTally, succeeded: 2, dead: 1, error });
    assert.deepEqual(seen.map(({ waiting }) => waiting), [3, 2, 1, 0]);
  });

  it('that go first have answered with their first failure, though another attempt follows', async () => {
    const daemon = new Tallies();
    daemon.tally = { ...emptyTally, waiting: 3 };
    const { done } = stepBy(daemon, [{ succeeded: 1, retrying: 2, error }], haveAnswered);
    assert.equal((await done).retrying, 2);
  });

  it('are asked for a thousand at a time, and counted together', async () => {
    const daemon = new Tallies();
    daemon.tally = { ...emptyTally, succeeded: 5, waiting: 1, lastDueAt: '2026-11-24T10:00:00.000Z' };
    const ids = Array.from({ length: 2500 }, (_, index) => `j${index + 1}`);
    const tally = await watchReplay(daemon, ids, { nextLook: () => Promise.resolve(), isEnough: () => true });
    assert.deepEqual([daemon.asked, tally.succeeded, tally.waiting], [[1000, 1000, 500], 15, 3]);
  });

  it('of several projects have the newest due time and a failure of any of them', () => {
    const one = { ...emptyTally, waiting: 1, lastDueAt: '2026-11-24T10:00:00.000Z', error };
    const other = { ...emptyTally, waiting: 2, lastDueAt: '2026-11-24T11:00:00.000Z' };
    assert.deepEqual(joinTallies([other, one]), { ...emptyTally, waiting: 3, lastDueAt: other.lastDueAt, error });
    assert.deepEqual(joinTallies([]), emptyTally);
  });
});
