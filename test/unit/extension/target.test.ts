import assert from 'node:assert/strict';
import { readTarget, readTargets } from '../../../extension/base/target.ts';

describe('the target of a command', () => {
  const target = { folder: 'file:///p', queue: 'erp', group: '503' };

  it('is read from a row, and from a target itself', () => {
    assert.deepEqual(readTarget({ id: 'x', target, item: () => undefined }), target);
    assert.deepEqual(readTarget({ ...target, only: { where: 'index == 1', step: 7 } }), { ...target, only: { where: 'index == 1' } });
    assert.deepEqual(readTarget({ ...target, job: 'j1', attempt: 2 }), { ...target, job: 'j1', attempt: 2 });
  });

  it('is none where a command was called with something else', () => {
    for (const argument of [undefined, null, 'erp', 17, [], {}, { folder: 17 }, { target: undefined }]) assert.equal(readTarget(argument), undefined);
    assert.deepEqual(readTarget({ folder: 'file:///p', queue: 17 }), { folder: 'file:///p' });
  });

  it('of a selection is all that is selected, else the row that was clicked', () => {
    const other = { folder: 'file:///p', queue: 'crm' };
    assert.deepEqual(readTargets({ target }, [{ target }, { target: other }]), [target, other]);
    assert.deepEqual(readTargets({ target }, undefined), [target]);
    assert.deepEqual(readTargets(undefined, undefined), []);
  });
});
