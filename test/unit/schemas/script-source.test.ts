import assert from 'node:assert/strict';
import { analyseWorkflow } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { readScript } from '../../../schemas/workflow/script/script-source.ts';
import { renderTemplate } from '../../../schemas/workflow/template.ts';
import { english } from '../../../schemas/wording/language.ts';

describe('what a script reads', () => {
  const reads = (code: string): readonly string[] => {
    const { reads: found, problems } = readScript(code);
    assert.deepEqual(problems.map(({ message }) => english.textOf(message)), []);
    return [...new Set(found.map(({ path }) => path.join('.')))].sort();
  };

  const cases: readonly (readonly [code: string, reads: readonly string[]])[] = [
    ['export default () => 1', []],
    ['export default ({ item }) => item.a', ['item', 'item.a']],
    ['export default ({ inputs }) => inputs.list.map((x) => x.a).length + inputs["limit"]', ['inputs.limit', 'inputs.list']],
    ['export default ({ inputs: { a, b = 1, c: { d } } }) => a + b + d', ['inputs.a', 'inputs.b', 'inputs.c.d']],
    ['export default ({ inputs }) => { const { a, ...rest } = inputs; return [a, rest]; }', ['inputs', 'inputs.a']],
    ['export default ({ inputs, key }) => inputs[key]', ['inputs', 'key']],
    ['export default function main(data) { return data.steps?.list?.output.body; }', ['steps.list.output.body']],
    ['const main = async ({ steps }) => [steps.a.output, { steps: 1 }, (x) => x.steps]; export default main', ['steps.a.output']],
    ['export default ({ inputs, limit = inputs.limit }) => ({ limit })', ['inputs.limit', 'limit']],
  ];
  for (const [code, expected] of cases) it(`of ${code}`, () => assert.deepEqual(reads(code), expected));

  it('is in the payload, without inputs that were not given, and its steps are waited for', () => {
    const text = `inputs: { list: { type: array }, limit: { type: integer }, name: { type: string } }
steps:
  a: { uses: http/request, with: { url: "https://a.example" } }
  b: { uses: http/request, with: { url: "https://b.example" } }
  c:
    uses: transform/script
    with:
      script: |

        export default ({ inputs, steps, run, now }) => [inputs.limit ?? 1, inputs.name, steps.a.output.body.list.map(String), steps.b.status, run.id, now];
`;
    const { workflow, diagnostics } = analyseWorkflow({ text, id: 'test' });
    assert.deepEqual(diagnostics, []);
    const step = workflow?.steps['c'];
    assert.ok(step);
    assert.deepEqual(step.needs, ['a', 'b']);
    assert.equal(step.code?.line, 9);
    const scope: Readonly<Record<string, Json>> = { inputs: { list: [1, 2], name: 'n' }, steps: { a: { output: { body: { list: [1] } }, status: 'succeeded' }, b: { output: null, status: 'failed' } }, run: { id: 'r1' } };
    const rendered = renderTemplate(step.with, scope);
    assert.deepEqual(rendered.ok && (rendered.rendered.value as { readonly input: Json }).input, { inputs: { name: 'n' }, steps: { a: { output: { body: { list: [1] } } }, b: { status: 'failed' } }, run: { id: 'r1' } });
  });

  it('is none of the analysis where `input` says what it gets', () => {
    const { workflow, diagnostics } = analyseWorkflow({ id: 'test', text: 'steps: { a: { uses: transform/script, with: { script: "export default ({ people }) => people", input: { people: "${{ inputs }}" } } } }\n' });
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(workflow?.steps['a']?.with.kind === 'map' && workflow.steps['a'].with.entries.map(([key]) => key), ['script', 'input']);
  });

  it('is found in any text, or the text is refused, and soon', () => {
    for (const code of ['('.repeat(100_000), '['.repeat(30_000), 'export default '.repeat(2000), `export default ({ item }) => ${'item.a+'.repeat(9000)}1`, '`${'.repeat(20_000), 'a=>'.repeat(20_000)]) assert.ok(Array.isArray(readScript(code).reads));
  });
});
