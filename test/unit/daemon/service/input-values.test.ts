import assert from 'node:assert/strict';
import { checkInputs } from '../../../../daemon/service/run-inputs.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Workflow } from '../../../../schemas/workflow/model.ts';

function workflow(): Workflow {
  const text = `inputs:
  list: { type: array, items: { type: object, required: [email] } }
  subject: { type: string, minLength: 1 }
  dry: { type: boolean, default: false }
required: [list]
steps:
  a: { uses: http/request, with: { url: "http://127.0.0.1:1" } }
`;
  const { workflow: found, diagnostics } = analyseWorkflow({ text, id: 'letter' });
  assert.ok(found !== undefined, JSON.stringify(diagnostics));
  return found;
}

describe('the inputs of a run', () => {
  const problems = (given: Readonly<Record<string, unknown>>): string => {
    try {
      checkInputs(workflow(), given);
    } catch (error) {
      assert.ok(error instanceof CodedError && error.code === 'invalid-inputs');
      return error.message;
    }
    return 'none';
  };

  it('get their defaults, and what was given is left alone', () => {
    const given = { list: [{ email: 'a@example.com' }] };
    assert.deepEqual(checkInputs(workflow(), given), { ...given, dry: false });
    assert.deepEqual(Object.keys(given), ['list']);
  });

  it('have all their problems listed, with the name that was meant', () => {
    assert.equal(
      problems({ lits: [], subject: '' }),
      "The inputs don't fit the workflow letter. The input list is missing. There is no input lits; did you mean list? subject must NOT have fewer than 1 characters.",
    );
    assert.match(problems({ list: [], ['__proto__']: 1 }), /There is no input __proto__/);
  });

  it('have the first of very many problems named, in bounded time and memory', () => {
    const list = Array.from({ length: 200_000 }, (_, id) => ({ id, note: 'x' }));
    assert.equal(problems({ list }), "The inputs don't fit the workflow letter. list.0 must have required property 'email'.");
  });
});
