import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { codeActions } from '../../../../schemas/language/code-actions.ts';
import { diagnosticsOf } from '../../../../schemas/language/diagnostics.ts';
import { hover } from '../../../../schemas/language/hover.ts';
import { LanguageProject } from '../../../../schemas/language/language-project.ts';
import { languageOf } from '../../../../schemas/wording/language.ts';
import { bracketTranslations, outsideBrackets } from '../../../support/bracket-language.ts';

const golden = path.join(import.meta.dirname, '../golden');
const translations = bracketTranslations();
const brackets = languageOf('pl', (pattern) => translations[pattern] ?? pattern);
const places: Readonly<Record<string, string>> = { workflow: '.sluice/workflows/golden.yaml', queues: '.sluice/queues.yaml', connections: '.sluice/connections.yaml', config: '.sluice/config.yaml' };

/** What a parser says in its own words: of YAML, and of expressions, whose faults are met at run time too. */
const inOwnWords = new Set(['yaml-syntax', 'bad-expression']);

describe('in a language of which there are translations', () => {
  for (const name of readdirSync(golden).filter((file) => file.endsWith('.yaml')).sort()) {
    it(`every finding and every fix is translated, in whole sentences: ${name}`, () => {
      const place = places[name.split('-')[0] ?? ''] ?? '';
      const [text = ''] = readFileSync(path.join(golden, name), 'utf8').split('# expected\n');
      const project = LanguageProject.of([{ path: place, text }], { secrets: [] });
      const found = diagnosticsOf(project, place, brackets);
      assert.ok(found.length > 0);
      const actions = codeActions(project, place, { start: 0, end: text.length }, { canSetSecrets: true, language: brackets });
      const told = [...found.flatMap(({ code, message }) => (inOwnWords.has(String(code)) ? [] : typeof message === 'string' ? [message] : [])), ...actions.map(({ title }) => title)];
      assert.deepEqual(told.filter((one) => !one.startsWith('[') || outsideBrackets(one) !== ''), []);
    });
  }

  it('hovers are translated: of a queue, a step, an input, a duration, a rate, a schedule', () => {
    const path = '.sluice/workflows/shop.yaml';
    const text = `on: { schedule: [{ cron: "0 9 * * MON" }] }
inputs: { list: { type: array } }
queues: { erp: { rate: 100/min, timeout: 30s, max-depth: 5 } }
steps:
  send: { queue: erp, uses: http/request, foreach: { items: "\${{ inputs.list }}", key: "\${{ item }}", on-item-failure: continue }, with: { url: "https://example.com" } }
  then: { needs: send, uses: http/request, with: { url: "https://example.com" } }
`;
    const project = LanguageProject.of([{ path, text }]);
    const told = ['0 9 *', 'list:', 'erp:', '100/min', '30s', 'send,', 'erp, uses'].map((at) => {
      const found = hover(project, path, text.indexOf(at), brackets)?.contents;
      return typeof found === 'object' && 'value' in found ? found.value : `nothing at ${at}`;
    });
    assert.deepEqual(told.flatMap((one) => one.split('\n').filter((line) => line !== '' && (!line.includes('[') || outsideBrackets(line).replace(/^-/, '') !== ''))), []);
  });

  it('a text that is not among them stands outside of brackets (control)', () => {
    assert.equal(outsideBrackets(brackets.textOf({ pattern: 'Nobody translated {what}.', args: { what: { pattern: 'a map', args: {} } } })), 'Nobody translated .');
  });
});
