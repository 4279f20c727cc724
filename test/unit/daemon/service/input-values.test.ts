import assert from 'node:assert/strict';
import { checkInputs } from '../../../../daemon/service/run-inputs.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Json, JsonObject } from '../../../../schemas/workflow/json.ts';
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

function refusalOf(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof CodedError && error.code === 'invalid-inputs');
    return error.message;
  }
  return 'none';
}

describe('the inputs of a run', () => {
  const problems = (given: Readonly<Record<string, unknown>>): string => refusalOf(() => checkInputs(workflow(), given));

  it('get their defaults, and what was given is left alone', () => {
    const given = { list: [{ email: 'a@example.com' }] };
    assert.deepEqual(checkInputs(workflow(), given), { ...given, dry: false });
    assert.deepEqual(Object.keys(given), ['list']);
  });

  it('have all their problems listed, with the name that was meant', () => {
    assert.equal(
      problems({ lits: [], subject: '' }),
      "The inputs don't fit the workflow letter. There is no input lits; did you mean list? 'subject' can't be empty.",
    );
    assert.equal(problems({}), "The inputs don't fit the workflow letter. The input list is missing.");
    assert.match(problems({ list: [], unlike: 1 }), /There is no input unlike; there are: list, subject, dry\.$/);
    assert.match(problems({ list: [], ['__proto__']: 1 }), /There is no input __proto__/);
  });

  it('have the first of very many problems named, in bounded time and memory', () => {
    const list = Array.from({ length: 200_000 }, (_, id) => ({ id, note: 'x' }));
    assert.equal(problems({ list }), "The inputs don't fit the workflow letter. 'list[0].email' is missing; there are 'id', 'note'.");
  });

  it('from a file have the number of their row told, and the columns that the file has', () => {
    const told = (list: Json): string => refusalOf(() => checkInputs(workflow(), { list }, { list: '/data/leads.csv' }));
    assert.match(told([{ email: 'a@example.com' }, { 'email;name': 'b@example.com;Bo' }]), / 'list\[1\]\.email' \(item 2 of leads\.csv\) is missing; there is 'email;name'\.$/);
    assert.match(told([{ name: 'x', Mail: 'y' }]), /there are 'name', 'Mail'\. Did you mean 'Mail'\?$/);
    assert.match(told('none'), / 'list' \(leads\.csv\) is a list, not text\.$/);
  });

  const secret = 'sk-live-4711';
  const refused: readonly (readonly [schema: JsonObject, given: Json, told: string])[] = [
    [{ type: 'integer' }, secret, "'x' is a whole number, not text."],
    [{ type: 'integer' }, 1.5, "'x' is a whole number, not a number with a fraction."],
    [{ type: 'string' }, null, "'x' is text, not null."],
    [{ type: ['string', 'null'] }, [secret], "'x' is text or null, not a list."],
    [{ enum: ['red', 'green'] }, secret, "'x' is 'red' or 'green', and has another value."],
    [{ const: 'red' }, secret, "'x' is 'red', and has another value."],
    [{ type: 'string', pattern: '^[a-z]+$' }, secret, "'x' doesn't have the right form: it has to match ^[a-z]+$."],
    [{ type: 'string', pattern: '^\\d\\d:\\d\\d$', description: 'A time of the day, such as 09:30.' }, secret, "'x' doesn't have the right form: it has to match ^\\d\\d:\\d\\d$. A time of the day, such as 09:30."],
    [{ type: 'string', format: 'email' }, secret, "'x' is not of the format 'email', such as 'ada@example.com'."],
    [{ type: 'string', not: { pattern: 'sk' } }, secret, "'x' has a value that is not allowed."],
    [{ type: 'string', maxLength: 3 }, secret, "'x' has at most 3 characters."],
    [{ type: 'number', exclusiveMinimum: 5 }, 5, "'x' is more than 5."],
    [{ type: 'number', multipleOf: 5 }, 4711, "'x' is a multiple of 5."],
    [{ type: 'array', uniqueItems: true }, [secret, secret], "'x' has an item twice."],
    [{ type: 'array', contains: { type: 'number' } }, [secret], "'x' lacks an item of the kind that it has to have."],
    [{ type: 'object', minProperties: 1 }, {}, "'x' can't be empty."],
    [{ type: 'object', properties: { port: { type: 'integer' } }, additionalProperties: false }, { prot: secret }, "'prot' is not a key of 'x'. Did you mean 'port'?"],
    [{ type: 'array', items: { type: 'object', properties: { 'e mail': { type: 'string', format: 'email' } } } }, [{}, { 'e mail': secret }], "'x[1][\"e mail\"]' is not of the format 'email', such as 'ada@example.com'."],
    [{ anyOf: [{ type: 'string' }, { type: 'array' }] }, 4711, "'x' is text or a list, not a number."],
  ];
  for (const [schema, given, told] of refused) {
    it(`are refused in plain words, without the value: ${told}`, () => {
      const { workflow: found, diagnostics } = analyseWorkflow({ text: `inputs: { x: ${JSON.stringify(schema)} }\nsteps: { a: { uses: http/request, with: { url: "http://127.0.0.1:1" } } }\n`, id: 'letter' });
      assert.ok(found !== undefined, JSON.stringify(diagnostics));
      const message = refusalOf(() => checkInputs(found, { x: given }));
      assert.equal(message, `The inputs don't fit the workflow letter. ${told}`);
      assert.doesNotMatch(message, /sk-live|4711/);
    });
  }
});
