import assert from 'node:assert/strict';
import { expressionAt } from '../../../../../extension/language/live/expression-at.ts';
import { analyseFiles, type AnalysedFile } from '../../../../../schemas/workflow/analysis/analyse-files.ts';

const path = '.sluice/workflows/w.yaml';

function analysed(file: string, text: string): AnalysedFile | undefined {
  return analyseFiles([{ path: file, text }], { partial: true }).byPath.get(file);
}

/** What is pointed at by `|`. */
function at(marked: string): ReturnType<typeof expressionAt> & { readonly written?: string } | undefined {
  const offset = marked.indexOf('|');
  const text = marked.replace('|', '');
  const found = expressionAt(analysed(path, text), offset);
  return found === undefined ? undefined : { ...found, written: text.slice(found.range.start, found.range.end) };
}

const step = (url: string): string => `steps:\n  a: { uses: http/request, with: { url: https://a.example } }\n  b:\n    foreach: { items: "\${{ steps.a.output.body.list }}", as: one, on-item-failure: fail }\n    uses: http/request\n    with:\n      url: ${url}\n`;

describe('the expression that is pointed at', () => {
  it('is a path up to the name, of an expression with its step and item', () => {
    const found = at(step('"https://x/${{ steps.a.out|put.body.id + one.id }}"'));
    assert.deepEqual([found?.part, found?.source, found?.step, found?.hasItem, found?.written], ['steps.a.output', 'steps.a.output.body.id + one.id', 'b', true, 'steps.a.output']);
    assert.equal(at(step('${{ st|eps.a.output.body.id }}'))?.part, 'steps');
    assert.equal(at(step('${{ steps.a.output.body.id| }}'))?.part, 'steps.a.output.body.id');
    assert.equal(at(step('"${{ steps.a.output[\'bo|dy\'].id }}"'))?.part, "steps.a.output['body'].id");
    assert.equal(at(step('${{ one.id + o|ne.name }}'))?.part, 'one');
  });

  it('is all of it, where no path is pointed at', () => {
    assert.equal(at(step('${{ one.id |+ one.name }}'))?.part, 'one.id + one.name');
    assert.equal(at(step('"${{ si|ze(steps.a.output.body.list) }}"'))?.part, 'size(steps.a.output.body.list)');
  });

  it('is none outside of expressions, and none that names a secret', () => {
    assert.equal(at(step('https://|x/${{ one.id }}')), undefined);
    assert.equal(at(step('https://x/${{ secrets.TO|KEN }}')), undefined);
    assert.equal(expressionAt(analysed('.sluice/queues.yaml', 'queues: {}\n'), 3), undefined);
  });

  it('is found in a condition without braces, and in a file with errors', () => {
    const found = at('steps:\n  a: { uses: http/request, with: { url: https://a.example } }\n  b: { if: "steps.a.output.st|atus == 200", uses: no/such }\n');
    assert.deepEqual([found?.part, found?.source, found?.hasItem], ['steps.a.output.status', 'steps.a.output.status == 200', false]);
  });
});
