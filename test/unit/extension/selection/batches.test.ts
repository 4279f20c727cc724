import assert from 'node:assert/strict';
import { inBatches } from '../../../../extension/selection/batches.ts';
import { tallyText } from '../../../../extension/selection/tally-text.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';

const idsTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `j${index + 1}`);

describe('many that are acted on at once', () => {
  it('are acted on in batches, with an exact tally', async () => {
    const seen: string[] = [];
    const progress: number[] = [];
    const tally = await inBatches(idsTo(450), async (ids) => void seen.push(...ids), { onProgress: (done) => progress.push(done) });
    assert.deepEqual(tally, { total: 450, done: 450, skipped: 0, isCancelled: false });
    assert.deepEqual([seen, progress], [idsTo(450), [200, 400, 450]]);
  });

  it('continue where another person was quicker with one of them', async () => {
    const tally = await inBatches(idsTo(201), async (ids) => {
      if (ids.includes('j7')) throw new CodedError('wrong-state', 'The job j7 is not a dead letter; it is active.');
    });
    assert.deepEqual(tally, { total: 201, done: 200, skipped: 1, isCancelled: false });
    assert.equal(tallyText('replayed', tally), 'Dead letters replayed: 200 of 201. No longer dead letters: 1.');
  });

  it('stay as they are from where it was cancelled, or where the daemon refused', async () => {
    let batches = 0;
    const cancelled = await inBatches(idsTo(600), async () => batches++, { isCancelled: () => batches === 2 });
    assert.deepEqual(cancelled, { total: 600, done: 400, skipped: 0, isCancelled: true });
    const refused = await inBatches(idsTo(600), async (ids) => {
      if (ids[0] !== 'j1') throw new CodedError('store-unavailable', 'The disk is full.');
    });
    assert.deepEqual([refused.done, refused.fault], [200, 'The disk is full.']);
    assert.match(tallyText('discarded', refused), /^Dead letters discarded: 200 of 600\. Stopped early.*The disk is full\.$/);
  });

  it('are tried once each where they go one by one', async () => {
    const tried: string[] = [];
    const tally = await inBatches(
      ['r1', 'r2', 'r3'],
      async ([run = '']) => {
        tried.push(run);
        if (run === 'r2') throw new CodedError('wrong-state', 'The run r2 has ended already.');
      },
      { size: 1 },
    );
    assert.deepEqual([tried, tally], [['r1', 'r2', 'r3'], { total: 3, done: 2, skipped: 1, isCancelled: false }]);
    assert.equal(tallyText('runs-cancelled', tally), 'Runs cancelled: 2 of 3. Had ended by then: 1.');
  });

  it('are told in the singular where it was one', () => {
    assert.equal(tallyText('replayed', { total: 1, done: 1, skipped: 0, isCancelled: false }), 'Replayed the dead letter.');
    const replayed = { total: 60, done: 60, skipped: 0, isCancelled: false };
    assert.deepEqual(
      [tallyText('replayed', { ...replayed, total: 1, done: 1 }, 1), tallyText('replayed', replayed, 3), tallyText('replayed', replayed, 60)],
      ['Replayed the dead letter with its edited payload.', 'Dead letters replayed: 60 of 60, 3 of them edited.', 'Dead letters replayed: 60 of 60, all of them edited.'],
    );
    assert.equal(tallyText('queues-paused', { total: 3, done: 2, skipped: 1, isCancelled: false }), 'Queues paused: 2 of 3. Were paused already: 1.');
  });
});
