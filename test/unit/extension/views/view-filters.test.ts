import assert from 'node:assert/strict';
import { views } from '../../../../extension/base/ids.ts';
import { conditionsText, filterLabel, hasWords, ViewFilters } from '../../../../extension/views/view-filters.ts';

describe('filters of views', () => {
  it('let through what has all the words, in any order and case', () => {
    assert.deepEqual(['', 'esp', 'PAUSED es', 'esp erp'].map((words) => hasWords('esp paused · 12 waiting', words)), [true, true, true, false]);
  });

  it('tell of a change of their own view, and of nothing else', () => {
    const filters = new ViewFilters();
    const told: string[] = [];
    filters.onDidChange((view) => told.push(view));
    filters.set(views.queues, '  esp   paused ');
    filters.set(views.queues, 'esp paused');
    assert.deepEqual([told, filters.get(views.queues), filters.get(views.runs)], [[views.queues], 'esp paused', '']);
    filters.set(views.queues, '');
    assert.equal(told.length, 2);
  });

  it('are words or conditions, never both, and the last one counts', () => {
    const filters = new ViewFilters();
    const filter = { folder: 'file:///p', name: 'refused', conditions: { queue: 'erp', where: 'error.status == 422' } };
    filters.set(views.runs, 'failed');
    filters.narrow(views.runs, filter);
    assert.deepEqual([filters.get(views.runs), filters.conditions(views.runs)], ['', filter]);
    assert.deepEqual([filterLabel(filter), conditionsText(filter.conditions)], ['refused', 'queue erp · error.status == 422']);
    filters.set(views.runs, '');
    assert.deepEqual([filters.get(views.runs), filters.conditions(views.runs)], ['', undefined]);
  });
});
