import assert from 'node:assert/strict';
import { collectDeadLetters, inBatches } from '../../../../extension/dead-letters/dead-selection.ts';
import { tallyText } from '../../../../extension/dead-letters/tally-text.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { MethodName, Params, Result } from '../../../../schemas/protocol/method.ts';
import { job } from '../../daemon/cli/protocol-samples.ts';
import { ScriptedTopics } from '../mirror/scripted-topics.ts';

const idsTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `j${index + 1}`);

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

  it('are acted on in batches, with an exact tally', async () => {
    const seen: string[] = [];
    const progress: number[] = [];
    const tally = await inBatches(idsTo(450), async (ids) => void seen.push(...ids), { onProgress: (done) => progress.push(done) });
    assert.deepEqual(tally, { total: 450, done: 450, skipped: 0, isCancelled: false });
    assert.deepEqual([seen, progress], [idsTo(450), [200, 400, 450]]);
  });

  it('go on where another person was quicker with one of them', async () => {
    const tally = await inBatches(idsTo(201), async (ids) => {
      if (ids.includes('j7')) throw new CodedError('wrong-state', 'The job j7 is no dead letter; it is active.');
    });
    assert.deepEqual(tally, { total: 201, done: 200, skipped: 1, isCancelled: false });
    assert.equal(tallyText('replayed', tally), 'Replayed 200 of 201 dead letters. 1 were no dead letters any more.');
  });

  it('stay as they are from where it was cancelled, or where the daemon refused', async () => {
    let batches = 0;
    const cancelled = await inBatches(idsTo(600), async () => batches++, { isCancelled: () => batches === 2 });
    assert.deepEqual(cancelled, { total: 600, done: 400, skipped: 0, isCancelled: true });
    const refused = await inBatches(idsTo(600), async (ids) => {
      if (ids[0] !== 'j1') throw new CodedError('store-unavailable', 'The disk is full.');
    });
    assert.deepEqual([refused.done, refused.fault], [200, 'The disk is full.']);
    assert.match(tallyText('discarded', refused), /^Discarded 200 of 600 dead letters\. It ended early.*The disk is full\.$/);
  });
});
