import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { codeActions } from '../../../../schemas/language/code-actions.ts';
import { diagnosticsOf } from '../../../../schemas/language/diagnostics.ts';
import { complete } from '../../../../schemas/language/completion.ts';
import { editorSchema } from '../../../../schemas/language/editor-schema.ts';
import { inlayHints } from '../../../../schemas/language/inlay-hints.ts';
import { rename } from '../../../../schemas/language/rename.ts';
import { signatureHelp } from '../../../../schemas/language/signature-help.ts';
import { completeTemplates } from '../../../../schemas/language/template-completion.ts';
import { isJsonObject } from '../../../../schemas/workflow/json.ts';
import { publishedSchemas } from '../../../../schemas/workflow/json-schema/published-schemas.ts';
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

  const shopPath = '.sluice/workflows/shop.yaml';
  const shop = `inputs: { list: { type: array }, size: { type: number, default: 3 } }
queues: { erp: { rate: 100/min, retry: { delays: [1m, 5m, 30m] } } }
on: { schedule: [{ cron: "0 9 * * MON" }] }
steps:
  send: { queue: erp, uses: http/request, foreach: { items: "\${{ inputs.list }}", key: "\${{ item }}", on-item-failure: continue }, with: { url: "https://example.com" } }
  then: { if: "steps.send.results.filter(r, r.status == 'dead').size() > 0 && inputs.size > 1 && contains(run.id, 'r')", uses: http/request, with: { url: "https://example.com" } }
`;
  const untranslated = (texts: readonly (string | undefined)[]): readonly string[] =>
    texts.flatMap((text) => (text ?? 'nothing').split('\n').filter((line) => line !== '' && (outsideBrackets(line).replace(/^-|`[^`]*`|^\*\*\w+\*\*$/g, '').trim() !== '')));
  const valueOf = (documentation: unknown): string | undefined =>
    typeof documentation === 'string' ? documentation : isJsonObject(documentation) && typeof documentation['value'] === 'string' ? documentation['value'] : undefined;

  it('completions are translated: of names, fields, functions, templates', () => {
    const project = LanguageProject.of([{ path: shopPath, text: shop }], { secrets: ['KEY'] });
    const items = [['if: "', 5], ['steps.send.', 11], ['r.status', 2], ['run.id', 4], ['uses: http', 8], ['queue: erp', 8]].flatMap(([at, behind]) => {
      const found = complete(project, shopPath, shop.indexOf(String(at)) + Number(behind), { language: brackets, snippets: true }).items;
      assert.ok(found.length > 0, `nothing at ${at}`);
      return found;
    });
    assert.deepEqual(untranslated(items.flatMap(({ documentation }) => (documentation === undefined ? [] : [valueOf(documentation)]))), []);
    for (const [text, at] of [['', 0], ['steps:\n  ', 9]] as const) {
      const file = LanguageProject.of([{ path: shopPath, text }]).files.get(shopPath);
      assert.ok(file !== undefined);
      const offered = completeTemplates(file, at, brackets);
      assert.ok(offered.length > 0);
      assert.deepEqual(untranslated(offered.flatMap(({ label, documentation }) => [label, valueOf(documentation)])), []);
    }
  });

  it('hovers and signatures of functions and fields are translated', () => {
    const project = LanguageProject.of([{ path: shopPath, text: shop }]);
    const hovers = ['filter(', "r, r.status", 'status ==', 'run.id', 'id, ', 'contains(', 'size > 1'].map((at) => valueOf(hover(project, shopPath, shop.indexOf(at), brackets)?.contents) ?? `nothing at ${at}`);
    const signatures = ['filter(', 'contains('].map((at) => valueOf(signatureHelp(project, shopPath, shop.indexOf(at) + at.length, brackets)?.signatures[0]?.documentation));
    assert.deepEqual(untranslated([...hovers, ...signatures]), []);
  });

  it('what keys are described as is translated', () => {
    for (const use of ['hover', 'completion'] as const) {
      const told = JSON.stringify(editorSchema(publishedSchemas.workflow, use, brackets), (key, value: unknown) => (key === 'examples' ? undefined : value));
      const descriptions = [...told.matchAll(/"markdownDescription":("(?:[^"\\]|\\.)*")/g)].map(([, text = '""']) => String(JSON.parse(text)));
      assert.ok(descriptions.length > 50);
      assert.deepEqual(untranslated(descriptions), []);
    }
  });

  it('hints and refusals to rename are translated', () => {
    const project = LanguageProject.of([{ path: shopPath, text: shop }]);
    const hints = inlayHints(project, shopPath, { start: 0, end: shop.length }, { now: 0, timeZone: 'UTC', language: brackets });
    assert.equal(hints.length, 2);
    // Below the zone are times, which have no words.
    assert.deepEqual(untranslated(hints.map(({ tooltip }) => valueOf(tooltip)?.split('\n')[0])), []);
    const refusals = [rename(project, shopPath, shop.indexOf('send:'), 'then'), rename(project, shopPath, shop.indexOf('send:'), 'a-b'), rename(project, shopPath, 0, 'x'), rename(project, shopPath, shop.indexOf('item }'), 'run')];
    assert.deepEqual(untranslated(refusals.map((one) => (one.ok ? 'it was renamed' : brackets.textOf(one.reason)))), []);
  });

  it('a text that is not among them stands outside of brackets (control)', () => {
    assert.equal(outsideBrackets(brackets.textOf({ pattern: 'Nobody translated {what}.', args: { what: { pattern: 'a map', args: {} } } })), 'Nobody translated .');
  });
});
