import assert from 'node:assert/strict';
import { readChoice } from '../../../../extension/dashboard/choice.ts';
import { readMessageFromPage, readMessageToPage } from '../../../../extension/dashboard/dashboard-message.ts';

describe('a message of the page', () => {
  it('is read where it is one', () => {
    const choice = { folder: 'file:///a', queue: 'erp', range: '24h' };
    assert.deepEqual(readMessageFromPage({ kind: 'ready' }), { kind: 'ready' });
    assert.deepEqual(readMessageFromPage({ kind: 'choose', choice }), { kind: 'choose', choice });
    assert.deepEqual(readMessageFromPage({ kind: 'act', act: 'replayGroup', queue: 'erp', group: '503' }), { kind: 'act', act: 'replayGroup', queue: 'erp', group: '503' });
  });

  it('is let in with what is known of it only', () => {
    assert.deepEqual(readMessageFromPage({ kind: 'act', act: 'showLog', command: 'workbench.action.quit' }), { kind: 'act', act: 'showLog' });
    assert.deepEqual(readMessageFromPage({ kind: 'choose', choice: { range: '1h', token: 'x' } }), { kind: 'choose', choice: { range: '1h' } });
  });

  const bad: readonly unknown[] = [
    null,
    'ready',
    [],
    { kind: 'other' },
    { kind: 'choose' },
    { kind: 'choose', choice: { range: '2h' } },
    { kind: 'choose', choice: { range: '1h', queue: 5 } },
    { kind: 'choose', choice: { range: '1h', folder: 'x'.repeat(5000) } },
    { kind: 'act', act: 'workbench.action.quit' },
    { kind: 'act', act: 'toString' },
    { kind: 'act', act: 'pauseQueue', queue: { name: 'erp' } },
    { kind: 'act', act: 'replayGroup', queue: 'erp', group: 'x'.repeat(5000) },
  ];
  for (const value of bad) {
    it(`is refused: ${JSON.stringify(value).slice(0, 80)}`, () => {
      assert.equal(readMessageFromPage(value), undefined);
    });
  }
});

describe('what VS Code kept of the dashboard', () => {
  it('is a choice, or nothing', () => {
    assert.deepEqual(readChoice({ range: '30d', folder: 'file:///a' }), { range: '30d', folder: 'file:///a' });
    assert.equal(readChoice(undefined), undefined);
    assert.equal(readChoice({ range: '1h', queue: '' }), undefined);
  });
});

describe('a message to the page', () => {
  it('is told from what other scripts of VS Code send', () => {
    assert.deepEqual(readMessageToPage({ kind: 'texts', texts: { language: 'en' } }), { kind: 'texts', texts: { language: 'en' } });
    for (const value of [undefined, 'now', { command: 'x' }, { kind: 'scroll' }]) assert.equal(readMessageToPage(value), undefined);
  });
});
