import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { referenceFile, workflowReference } from '../../../scripts/generate-reference.ts';
import { actionDefinitions } from '../../../schemas/workflow/actions/action-definitions.ts';
import { analyseWorkflow } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { evaluateExpression, isTruthy, parseExpression, type ExpressionResult } from '../../../schemas/workflow/expression/expression.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { diagnosticCodes } from '../../../schemas/workflow/diagnostic.ts';

describe('docs/workflow-reference.md', () => {
  const page = workflowReference();

  it('is what the schemas say (else: npm run generate)', () => {
    assert.equal(readFileSync(referenceFile, 'utf8'), page);
  });

  it('has every action and every code, and leaves no placeholder', () => {
    for (const { name } of actionDefinitions) assert.ok(page.includes(`### ${name}\n`), name);
    for (const code of Object.keys(diagnosticCodes)) assert.ok(page.includes(`| \`${code}\` |`), code);
    assert.doesNotMatch(page.slice(page.indexOf('\n')), /<!--/);
  });

  it('begins with a workflow that is right', () => {
    const [, text = ''] = /```yaml\n(name: Hello[^]*?)```/.exec(page) ?? [];
    assert.deepEqual(analyseWorkflow({ text, id: 'hello', project: { queues: {}, connections: new Map() } }).diagnostics, []);
  });

  it('links to headings that exist', () => {
    const headings = new Set([...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replace(/[^a-z0-9 -]/g, '').replaceAll(' ', '-')));
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    assert.ok(links.length > 3);
    assert.deepEqual(links.filter((anchor) => !headings.has(anchor)), []);
  });
});

/** The rows of tables with this heading: what is in code in the first cell, and the second cell. */
function rowsUnder(page: string, heading: string): readonly (readonly [string, string])[] {
  return page.split(`${heading}\n| --- | --- |\n`).slice(1).flatMap((table) =>
    (table.split('\n\n')[0] ?? '').split('\n').map((row) => {
      const [, code = '', value = ''] = /^\| `(.*?)` \| (.*) \|$/.exec(row.replaceAll('\\|', '¦')) ?? assert.fail(row);
      return [code.replaceAll('¦', '|'), value] as const;
    }),
  );
}

describe('what the workflow reference says of expressions', () => {
  const page = readFileSync(referenceFile, 'utf8');
  const [, json = '{}'] = /```json\n([^]*?)```/.exec(page) ?? [];
  const inputs = JSON.parse(json) as { readonly list: readonly Json[] };
  const evaluate = (source: string): ExpressionResult => {
    const parsed = parseExpression(source);
    return parsed.ok ? evaluateExpression(parsed.expression, { inputs, item: inputs.list[0], $now: 0 }) : parsed;
  };

  const rows = rowsUnder(page, '| Expression | Value |');
  it('is much', () => assert.ok(rows.length > 50, `${rows.length} rows`));

  for (const [source, stated] of rows) {
    it(`holds: ${source}`, () => {
      const result = evaluate(source);
      const [, value] = /^`(.*)`$/.exec(stated) ?? [];
      if (value !== undefined) assert.deepEqual(result, { ok: true, value: JSON.parse(value) as Json });
      else assert.ok(!result.ok && `fails: ${result.error.message}`.startsWith(stated), `${stated}; in truth ${JSON.stringify(result)}`);
    });
  }

  it('holds of conditions', () => {
    const conditions = rowsUnder(page, '| `if` | Counts as |');
    assert.ok(conditions.length > 5);
    for (const [source, stated] of conditions) {
      const result = evaluate(source);
      assert.ok(result.ok, source);
      assert.equal(String(isTruthy(result.value)), stated, source);
    }
  });
});
