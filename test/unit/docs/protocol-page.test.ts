import assert from 'node:assert/strict';
import { SubscribeParams } from '../../../schemas/protocol/subscription.ts';
import { codeBlocksOf, pages } from './doc-pages.ts';

describe('JSON in the documentation', () => {
  const blocks = [...pages].flatMap(([file, page]) => codeBlocksOf(page).filter(({ language }) => language === 'json').map((block) => ({ file, ...block })));

  it('is valid', () => {
    assert.ok(blocks.length > 5);
    const broken = blocks.flatMap(({ file, line, text }) => (isJson(text) ? [] : [`${file}:${line}`]));
    assert.deepEqual(broken, []);
    assert.ok(!isJson('{ "pid": 4711, }'), 'a mistake is seen (control)');
  });
});

describe('docs/protocol.md', () => {
  it('has each topic in its table of subscriptions, and no other', () => {
    const rows = [...(pages.get('docs/protocol.md') ?? '').matchAll(/^\| `\{ "topic": "(\w+)"/gm)].map(([, topic]) => topic);
    assert.deepEqual(rows.sort(), SubscribeParams.anyOf.map(({ properties }): string => properties.topic.const).sort());
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
