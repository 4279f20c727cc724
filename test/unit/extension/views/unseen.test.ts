import assert from 'node:assert/strict';
import { countUnseen } from '../../../../extension/views/unseen.ts';

describe('dead letters that nobody has seen', () => {
  it('are those that came since a person looked', () => {
    const looked = countUnseen({ erp: 3, crm: 0 }, {}, true);
    assert.deepEqual(looked, { unseen: 0, seen: { erp: 3 } });
    assert.deepEqual(countUnseen({ erp: 5, crm: 1 }, looked.seen, false), { unseen: 3, seen: { erp: 3 } });
  });

  it('count again after some were replayed', () => {
    const after = countUnseen({ erp: 1 }, { erp: 3 }, false);
    assert.deepEqual(after, { unseen: 0, seen: { erp: 1 } });
    assert.equal(countUnseen({ erp: 2 }, after.seen, false).unseen, 1);
  });

  it('are remembered of a project that is not connected just now', () => {
    assert.deepEqual(countUnseen({}, { erp: 3 }, true), { unseen: 0, seen: { erp: 3 } });
  });
});
