import assert from 'node:assert/strict';
import { analyseWorkflow } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { english } from '../../../schemas/wording/language.ts';

describe('a key of foreach', () => {
  const problems = (key: string, as = ''): { code: string; message: string; text: string }[] => {
    const text = `
inputs: { list: { type: array }, k: { type: string } }
steps:
  first: { uses: http/request, with: { url: "https://example.com" } }
  send:
    foreach: { items: "\${{ inputs.list }}",${as} key: ${key}, on-item-failure: continue }
    uses: http/request
    with: { url: "https://example.com" }
`;
    return analyseWorkflow({ text, id: 'w' }).diagnostics.map(({ code, message, range }) => ({ code, message: english.textOf(message), text: text.slice(range.start, range.end) }));
  };

  for (const key of ['item.email', 'plain', '""', '7', 'true', 'null', '[]', '{}', '[a, b]', '"${{ inputs.k }}"', '"${{ steps.first.output.body.id }}"', '"${{ run.id }}-${{ now() }}"', '"${{ inputs.list.map(item, item.id) }}"', '{ a: "${{ inputs.k }}" }', '"$${{ item.id }}"']) {
    it(`that no item has a part in is an error: ${key}`, () => {
      const [only, ...others] = problems(key);
      assert.deepEqual([only?.code, others], ['constant-key', []], JSON.stringify(others));
      assert.match(only?.message ?? '', /the same for every item, so all items but the first would be left out as duplicates/);
    });
  }

  it('says what was meant where the braces are missing, and where the error is', () => {
    assert.deepEqual(problems('person.email', ' as: person,'), [
      { code: 'constant-key', message: "'key' is the same for every item, so all items but the first would be left out as duplicates. Written like this it is text; as an expression it is ${{ person.email }}.", text: 'person.email' },
    ]);
  });

  for (const [key, as] of [['"${{ item.email }}"'], ['"${{ inputs.k }}-${{ item.id }}"'], ['"${{ hash(item) }}"'], ['"${{ job.index }}"'], ['{ a: "${{ item.a }}", b: x }'], ['["${{ item }}", x]'], ['"${{ person.id }}"', ' as: person,']] as const) {
    it(`that is made of the item is right: ${key}`, () => {
      assert.deepEqual(problems(key, as), []);
    });
  }

  it('that can not be read has that error only', () => {
    for (const key of ['"${{ nobody.email }}"', '"${{ item. }}"']) assert.ok(problems(key).every(({ code }) => code !== 'constant-key'), key);
  });
});
