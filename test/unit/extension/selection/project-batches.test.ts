import assert from 'node:assert/strict';
import { runBatches, sumOf } from '../../../../extension/selection/project-batches.ts';
import { tallyText } from '../../../../extension/selection/tally-text.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';

describe('many of several projects', () => {
  it('are acted on project by project, by the daemon of each, and counted by project', async () => {
    const seen: string[] = [];
    const progress: string[] = [];
    const lot = (project: string, items: string[]): Parameters<typeof runBatches<string>>[0][number] => ({ project, items, act: async (batch) => void seen.push(...batch.map((id) => `${project} ${id}`)) });
    const tally = sumOf(await runBatches([lot('shop', ['j1', 'j2', 'j3']), lot('warehouse', ['j1'])], { size: 2, onProgress: (done, total) => progress.push(`${done}/${total}`) }));
    assert.deepEqual(seen, ['shop j1', 'shop j2', 'shop j3', 'warehouse j1']);
    assert.deepEqual(progress, ['2/4', '3/4', '4/4']);
    assert.deepEqual([tally.total, tally.done, tally.skipped], [4, 4, 0]);
    assert.equal(tallyText('replayed', tally), 'Dead letters replayed: 4 of 4. By project: shop 3 of 3, warehouse 1 of 1.');
  });

  it('continue in the others where the daemon of one is lost, and the tally names which', async () => {
    const tally = sumOf(
      await runBatches([
        { project: 'shop', items: ['j1', 'j2'], act: () => Promise.reject(new CodedError('unreachable', 'The daemon went away.')) },
        { project: 'warehouse', items: ['j1'], act: () => Promise.resolve() },
        { project: 'office', items: ['j1'], act: () => Promise.reject(new CodedError('wrong-state', 'The job j1 is not a dead letter; it is active.')) },
      ]),
    );
    assert.deepEqual([tally.total, tally.done, tally.skipped, tally.fault], [4, 1, 1, 'shop: The daemon went away.']);
    assert.equal(
      tallyText('discarded', tally),
      'Dead letters discarded: 1 of 4. By project: shop 0 of 2, warehouse 1 of 1, office 0 of 1. No longer dead letters: 1. In shop it stopped early; the rest there were left unchanged: The daemon went away.',
    );
  });

  it('stay as they are in every project after a cancel', async () => {
    let acted = 0;
    const act = async (): Promise<number> => acted++;
    const tally = sumOf(await runBatches([{ project: 'shop', items: ['j1', 'j2'], act }, { project: 'warehouse', items: ['j1'], act }], { size: 1, isCancelled: () => acted === 1 }));
    assert.deepEqual([acted, tally.done, tally.total, tally.isCancelled], [1, 1, 3, true]);
  });

  it('of one project have the tally of that one, without its name', async () => {
    assert.deepEqual(sumOf(await runBatches([{ project: 'shop', items: ['j1'], act: () => Promise.resolve() }])), { total: 1, done: 1, skipped: 0, isCancelled: false });
    assert.deepEqual(sumOf([]), { total: 0, done: 0, skipped: 0, isCancelled: false });
  });
});
