import assert from 'node:assert/strict';
import { collectDeadLetters } from '../../../../extension/dead-letters/dead-selection.ts';
import type { MethodName, Params, Result } from '../../../../schemas/protocol/method.ts';
import { job } from '../../daemon/cli/protocol-samples.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

class DeadLetters extends ScriptedTopics {
  override async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    assert.equal(method, 'dead/list');
    const { cursor } = params as Params<'dead/list'>;
    const page: Result<'dead/list'> = cursor === undefined ? { jobs: [job({ id: 'j3' }), job({ id: 'j2' })], next: 'more' } : { jobs: [job({ id: 'j1' })] };
    return page as Result<M>;
  }
}

describe('many dead letters', () => {
  it('are collected over all pages, oldest first', async () => {
    const counts: number[] = [];
    assert.deepEqual(await collectDeadLetters(new DeadLetters(), { queue: 'erp' }, (count) => counts.push(count)), ['j1', 'j2', 'j3']);
    assert.deepEqual(counts, [2, 3]);
    assert.deepEqual(await collectDeadLetters(new DeadLetters(), { ids: ['j9'] }), ['j9']);
  });
});
