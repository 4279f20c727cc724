import assert from 'node:assert/strict';
import { sendReplay } from '../../../../extension/dead-letters/replay-send.ts';
import type { DeadLot } from '../../../../extension/dead-letters/dead-lot.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { MethodName, Params, Result } from '../../../../schemas/protocol/method.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

/** A daemon that replays all but one, of which every tenth has an edit. */
class Replays extends ScriptedTopics {
  readonly calls: Params<'dead/replay'>[] = [];

  override async call<M extends MethodName>(_method: M, params: Params<M>): Promise<Result<M>> {
    const call = params as Params<'dead/replay'>;
    const { ids = [], rate, continues } = call;
    if (ids.includes('j7')) throw new CodedError('wrong-state', 'j7 is no longer a dead letter.');
    this.calls.push(call);
    const edited = call.originals === true ? 0 : ids.filter((id) => id.endsWith('0')).length;
    const result: Result<'dead/replay'> = {
      replayed: ids.length,
      selected: ids.length,
      edited,
      ids: [...ids],
      ...(rate === undefined ? {} : { lastDueAt: `of ${ids.at(-1) ?? ''}`, pace: continues?.pace ?? 42 }),
    };
    return result as Result<M>;
  }
}

function lotOf(daemon: Replays, count: number): DeadLot {
  const project: unknown = { name: 'shop' };
  return { project: project as DeadLot['project'], daemon, ids: Array.from({ length: count }, (_, index) => `j${index + 1}`), edited: 0 };
}

describe('a replay that is sent', () => {
  it('in batches is spread out as one: each goes on from the one before', async () => {
    const daemon = new Replays();
    const [sent] = await sendReplay([{ ...lotOf(daemon, 450), ids: lotOf(daemon, 450).ids.filter((id) => id !== 'j7') }], { originals: false, rate: '10/min' });
    assert.deepEqual(daemon.calls.map(({ ids = [], continues }) => [ids.length, continues]), [
      [200, undefined],
      [200, { pace: 42, lastDueAt: 'of j201' }],
      [49, { pace: 42, lastDueAt: 'of j401' }],
    ]);
    assert.deepEqual([sent?.ids.length, sent?.edited, sent?.tally.done], [449, 45, 449]);
  });

  it('leaves out one that somebody else was quicker with, and says which went out', async () => {
    const daemon = new Replays();
    const [sent] = await sendReplay([lotOf(daemon, 10)], { originals: true });
    assert.deepEqual([sent?.ids.includes('j7'), sent?.ids.length, sent?.edited], [false, 9, 0]);
    assert.deepEqual([sent?.tally.done, sent?.tally.skipped], [9, 1]);
    assert.ok(daemon.calls.every(({ originals, rate }) => originals === true && rate === undefined));
  });
});
