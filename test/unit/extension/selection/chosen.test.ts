import assert from 'node:assert/strict';
import { readChosen } from '../../../../extension/base/target.ts';

describe('what a command was called for', () => {
  const row = (target: object): object => ({ target: { folder: 'file:///p', ...target } });

  it('is each of its kind once, of whichever project', () => {
    const other = { target: { folder: 'file:///q', run: 'r1' } };
    assert.deepEqual(readChosen('run', row({ run: 'r1' }), [row({ run: 'r1' }), row({ run: 'r1' }), other, row({ queue: 'erp' })]), [
      { folder: 'file:///p', id: 'r1' },
      { folder: 'file:///q', id: 'r1' },
    ]);
  });

  it('is the row that was clicked if nothing is selected, and nothing if a command is called from the palette', () => {
    assert.deepEqual(readChosen('queue', row({ queue: 'erp' }), undefined), [{ folder: 'file:///p', id: 'erp' }]);
    assert.deepEqual(readChosen('queue', undefined, undefined), []);
  });
});
