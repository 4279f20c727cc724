import assert from 'node:assert/strict';
import { renderTemplate } from '../../../../daemon/actions/email-template.ts';
import type { JsonObject } from '../../../../schemas/workflow/json.ts';

describe('renderTemplate', () => {
  const good: readonly (readonly [string, JsonObject, 'html' | 'text', string])[] = [
    ['Hello {{name}}', { name: 'Ada & Co' }, 'text', 'Hello Ada & Co'],
    ['Hello {{name}}', { name: `<b>"Ada" & 'Co'</b>` }, 'html', 'Hello &lt;b&gt;&quot;Ada&quot; &amp; &#39;Co&#39;&lt;&#x2F;b&gt;'],
    ['{{{html}}}{{&html}}', { html: '<b>' }, 'html', '<b><b>'],
    ['{{a.b}} {{n}} {{yes}} {{none}}.', { a: { b: 'x' }, n: 0, yes: true, none: null }, 'text', 'x 0 true .'],
    ['{{#items}}{{name}},{{/items}}{{^items}}none{{/items}}', { items: [{ name: 'a' }, { name: 'b' }] }, 'text', 'a,b,'],
    ['{{#items}}x{{/items}}{{^items}}none{{/items}}', {}, 'text', 'none'],
    ['plain', {}, 'html', 'plain'],
  ];
  for (const [template, data, format, text] of good) {
    it(`fills ${template} as ${format}`, () => assert.deepEqual(renderTemplate(template, data, format), { ok: true, text }));
  }

  const bad: readonly (readonly [string, JsonObject, RegExp])[] = [
    ['Hello {{name}}', { nmae: 'Ada' }, /no "name"/],
    ['Hello {{{a.b}}}', { a: {} }, /no "a\.b"/],
    ['{{list}}', { list: [1] }, /"list" is not a text/],
    ['{{constructor}}', {}, /"constructor" is not a text/],
    ['{{> header}}', {}, /can't include/],
    ['{{#open}}', {}, /Unclosed section/],
    ['{{open', {}, /Unclosed tag/],
  ];
  for (const [template, data, message] of bad) {
    it(`refuses ${template}`, () => {
      const result = renderTemplate(template, data, 'html');
      assert.ok(!result.ok);
      assert.match(result.message, message);
    });
  }

  it('keeps formats apart for the same template', () => {
    assert.deepEqual(renderTemplate('{{a}}', { a: '<' }, 'html'), { ok: true, text: '&lt;' });
    assert.deepEqual(renderTemplate('{{a}}', { a: '<' }, 'text'), { ok: true, text: '<' });
  });
});
