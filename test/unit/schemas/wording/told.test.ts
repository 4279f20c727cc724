import assert from 'node:assert/strict';
import { languageOf } from '../../../../schemas/wording/language.ts';
import { message } from '../../../../schemas/wording/message.ts';
import { messageOfTold, told, wordingOf } from '../../../../schemas/wording/told.ts';

const polish = languageOf('pl', (pattern) => (pattern === '{host} answered {status}.' ? 'Odpowiedź od {host}: {status}.' : pattern));

describe('a text that was stored', () => {
  const wording = message('{host} answered {status}.', { host: 'erp', status: '503 Service Unavailable' });

  it('is English, and is told in the language of its reader, over JSON too', () => {
    const stored = told(wording);
    assert.equal(stored.message, 'erp answered 503 Service Unavailable.');
    assert.equal(polish.textOf(messageOfTold(JSON.parse(JSON.stringify(stored)) as typeof stored)), 'Odpowiedź od erp: 503 Service Unavailable.');
  });

  it('by an earlier version, without a wording, is told as it is', () => {
    assert.equal(polish.textOf(messageOfTold({ message: 'erp answered 503.' })), 'erp answered 503.');
  });

  it('is told as it is if its wording is none, or would say something else', () => {
    for (const wrong of [null, 'erp', { pattern: 'x' }, { ...wording, args: { host: 'erp', status: '200 OK' } }, { ...wording, args: { host: {}, status: '503' } }]) {
      assert.equal(wordingOf('erp answered 503 Service Unavailable.', wrong), undefined, JSON.stringify(wrong));
    }
    assert.deepEqual(wordingOf('erp answered 503 Service Unavailable.', wording), wording);
  });
});
