import assert from 'node:assert/strict';
import { collectDeadLetters } from '../../../../extension/dead-letters/dead-selection.ts';
import type { MethodName, Params, Result } from '../../../../schemas/protocol/method.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import { job, jobDetail } from '../../daemon/cli/protocol-samples.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

const draft = { revision: 2, savedAt: '2026-11-24T09:00:00.000Z' };
const letter = (id: string, edited = false): object => ({ id, edited });

class DeadLetters extends ScriptedTopics {
  override async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    if (method === 'job/get') {
      const { id } = params as Params<'job/get'>;
      if (id === 'j8') throw new CodedError('not-found', 'There is no job j8.');
      return jobDetail({ id, ...(id === 'j9' ? { draft } : {}) }) as Result<M>;
    }
    assert.equal(method, 'dead/list');
    const { cursor } = params as Params<'dead/list'>;
    const page: Result<'dead/list'> = cursor === undefined ? { jobs: [job({ id: 'j3' }), job({ id: 'j2', draft })], next: 'more' } : { jobs: [job({ id: 'j1' })] };
    return page as Result<M>;
  }
}

describe('many dead letters', () => {
  it('are collected over all pages, oldest first, with which of them are edited', async () => {
    const counts: number[] = [];
    assert.deepEqual(await collectDeadLetters(new DeadLetters(), { queue: 'erp' }, (count) => counts.push(count)), [letter('j1'), letter('j2', true), letter('j3')]);
    assert.deepEqual(counts, [2, 3]);
    assert.deepEqual(await collectDeadLetters(new DeadLetters(), { ids: ['j7', 'j8', 'j9'] }), [letter('j7'), letter('j8'), letter('j9', true)]);
  });
});
