/** Completions of several lines, as an editor inserts them that does nothing of its own: no snippets, no indentation. */
import assert from 'node:assert/strict';
import { CompletionRequest, InsertTextMode, type CompletionItem } from 'vscode-languageserver/node';
import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import { entryOf, parseDocument, toJson } from '../../../../schemas/workflow/document.ts';
import { LanguageBench, withCursor } from '../../../support/language-bench.ts';

const file = '.sluice/workflows/w.yaml';
const places = {
  'a step': 'steps:\n  ‸\n',
  'a step of a file that indents by four': 'steps:\n    first:\n        uses: http/request\n        with: { url: https://a.example }\n    ‸\n',
  'a key of a step': 'steps:\n  a:\n    uses: http/request\n    ‸\n',
  'a key of a queue': 'queues:\n  q:\n    ‸\n',
  'a key of a file': 'name: W\n‸\n',
  'a trigger': 'on:\n  ‸\n',
} as const;

function textOf({ textEdit, insertText, label }: CompletionItem): string {
  return textEdit?.newText ?? insertText ?? label;
}

describe('completions of several lines', () => {
  let bench: LanguageBench;

  afterEach(() => bench.stop());

  async function complete(marked: string): Promise<readonly CompletionItem[]> {
    const position = await bench.open(file, marked);
    const items = await bench.client.sendRequest(CompletionRequest.type, bench.at(file, position));
    await bench.close(file);
    return Array.isArray(items) ? items : (items?.items ?? []);
  }

  for (const [what, marked] of Object.entries(places)) {
    it(`stand below the line that they begin in: ${what}`, async () => {
      bench = await LanguageBench.start({ capabilities: {} });
      const { text, offset } = withCursor(marked);
      const several = (await complete(marked)).filter((item) => textOf(item).includes('\n'));
      assert.ok(several.length > 0);
      const indentation = offset - (text.lastIndexOf('\n', offset - 1) + 1);
      for (const item of several) {
        const [first = '', ...below] = textOf(item).split('\n');
        assert.equal(item.insertTextMode, undefined);
        if (!first.endsWith(':')) continue;
        const after = text.slice(0, offset) + textOf(item) + text.slice(offset);
        assert.deepEqual(parseDocument(after).diagnostics, [], after);
        for (const line of below.filter((one) => one.trim() !== '')) assert.ok(line.search(/\S/) > indentation, after);
      }
    });
  }

  it('have the line breaks of their file', async () => {
    bench = await LanguageBench.start({ capabilities: {} });
    for (const lineBreak of ['\r\n', '\n']) {
      const several = (await complete(places['a key of a step'].replaceAll('\n', lineBreak))).map(textOf).filter((text) => text.includes('\n'));
      assert.ok(several.length > 0);
      for (const text of several) assert.deepEqual(new Set(text.match(/\r?\n/g)), new Set([lineBreak]), text);
    }
  });

  it('have all that must be there', async () => {
    bench = await LanguageBench.start({ capabilities: {} });
    const { text, offset } = withCursor(places['a key of a step']);
    const foreach = (await complete(places['a key of a step'])).find(({ label }) => label === 'foreach');
    const after = `inputs: { list: { type: array } }\n${text.slice(0, offset)}${foreach === undefined ? '' : textOf(foreach)}\n    with: { url: https://a.example }\n`;
    assert.deepEqual(analyseWorkflow({ id: 'w', text: after }).diagnostics.filter(({ severity }) => severity === 'error'), [], after);
    assert.deepEqual(Object.keys(toJson(entryOf(entryOf(entryOf(parseDocument(after).root, 'steps')?.value, 'a')?.value, 'foreach')?.value ?? assert.fail()) as object), ['items', 'as', 'key', 'on-item-failure']);
    for (const item of (await complete(places['a step'])).filter(({ label }) => label.startsWith('step: '))) {
      const workflow = `inputs: { list: { type: array } }\nsteps:\n  ${textOf(item)}\n`;
      assert.deepEqual(analyseWorkflow({ id: 'w', text: workflow }).diagnostics.filter(({ severity }) => severity === 'error'), [], workflow);
    }
  });

  it('are left to an editor that says it indents', async () => {
    bench = await LanguageBench.start({ capabilities: { textDocument: { completion: { completionItem: { snippetSupport: true, insertTextModeSupport: { valueSet: [InsertTextMode.asIs, InsertTextMode.adjustIndentation] } } } } } });
    const several = (await complete(places['a key of a step'])).filter((item) => textOf(item).includes('\n'));
    assert.ok(several.length > 0);
    for (const item of several) {
      assert.equal(item.insertTextMode, InsertTextMode.adjustIndentation);
      assert.match(textOf(item), /:\n {2}\S/);
    }
  });
});
