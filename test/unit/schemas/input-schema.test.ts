/** Schemas of inputs: what the analysis lets pass, a run can check. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkInputs } from '../../../daemon/service/run-inputs.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { analyseWorkflow, type WorkflowAnalysis } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Json } from '../../../schemas/workflow/json.ts';
import { english } from '../../../schemas/wording/language.ts';

function analyse(schema: Json | string, actions?: 'any'): WorkflowAnalysis {
  const written = typeof schema === 'string' ? schema : JSON.stringify(schema);
  return analyseWorkflow({ id: 'w', text: `inputs:\n  s: ${written}\nsteps: { a: { uses: http/request, with: { url: https://a.example } } }\n`, ...(actions === undefined ? {} : { actions }) });
}

/** `bad-schema at enum: message` */
function problemsOf(schema: string): readonly string[] {
  const { diagnostics, document } = analyse(schema);
  return diagnostics.map(({ code, range, message }) => `${code} at ${document.text.slice(range.start, range.end)}: ${english.textOf(message)}`);
}

describe('the schema of an input', () => {
  for (const [schema, expected] of [
    ['{ enum: [] }', /^bad-schema at \[\]: No value fits: 'enum' has none\./],
    ['{ type: object, properties: { a: { enum: [] } } }', /^bad-schema at \[\]: No value fits/],
    ['{ type: integer, enum: ["1", "2"] }', /^bad-schema at .*: No value fits: each value of 'enum' is ruled out/],
    ['{ type: string, const: 5 }', /^bad-schema at 5: No value fits: the value of 'const' is ruled out/],
    ['{ type: integer, minimum: 5, maximum: 1 }', /^bad-schema at 1: No number fits: 'minimum' is 5, and 'maximum' is 1\.$/],
    ['{ type: number, exclusiveMinimum: 1, maximum: 1 }', /^bad-schema at 1: No number fits/],
    ['{ type: array, items: { type: string, minLength: 3, maxLength: 2 } }', /^bad-schema at 2: No text fits/],
    ['{ type: object, required: [email], additionalProperties: false }', /^bad-schema at email: No map fits: 'email' is required/],
    ['{ type: object, properties: { n: { type: integer, default: "5" } } }', /^bad-default at "5": The default of 'n' doesn't fit its schema/],
    ['{ type: array, items: { type: object, properties: { n: { type: integer, maximum: 3, default: 5 } } } }', /^bad-default at 5: The default of 'n'/],
    ['{ type: object, properties: { n: { type: integer } }, default: { n: x } }', /^bad-default at .*: The default of 's' doesn't fit its schema: 'n' is a whole number/],
  ] as const) {
    it(`has one error where no value can be right: ${schema}`, () => {
      const problems = problemsOf(schema);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', expected);
    });
  }

  it('may rule out everything where that has a use', () => {
    for (const schema of ['{ not: { enum: [x] } }', '{ anyOf: [{ type: string }, { type: integer, minimum: 2, maximum: 2 }] }', '{ type: string, minLength: 2, maxLength: 2, enum: [ab, abc], default: ab }', '{ type: object, required: [a], properties: { a: true }, additionalProperties: false }']) {
      assert.deepEqual(problemsOf(schema), [], schema);
    }
  });

  it('is left as it is in a version that was kept before the rule was made', () => {
    assert.ok(analyse('{ type: integer, minimum: 5, maximum: 1 }', 'any').workflow);
    assert.ok(analyseWorkflow({ id: 'w', actions: 'any', text: 'steps: { null: { uses: http/request }, in: { uses: x } }\n' }).workflow);
  });

  it('is one that a run can check, whatever it says', () => {
    const scalar = fc.constantFrom<Json>(null, true, 0, 1, -1, 2.5, '', 'a', 'email', '^a', '(', 'string', 'integer', 'object', '$x', '__proto__');
    const keyword = fc.constantFrom('type', 'enum', 'const', 'default', 'minimum', 'maximum', 'exclusiveMinimum', 'minLength', 'maxLength', 'pattern', 'format', 'items', 'prefixItems', 'properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames', 'dependentRequired', 'dependentSchemas', 'anyOf', 'oneOf', 'allOf', 'not', 'if', 'then', 'contains', 'minContains', 'maxContains', 'multipleOf', 'uniqueItems', '$defs', '$comment', 'unevaluatedProperties', 'unevaluatedItems', 'contentSchema', 'examples', 'title', 'deprecated');
    const { value } = fc.letrec<{ value: Json; list: Json[]; map: Record<string, Json>; schema: Record<string, Json> }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, scalar, tie('schema'), tie('list'), tie('map')),
      list: fc.array(tie('value'), { maxLength: 3 }),
      map: fc.dictionary(fc.constantFrom('a', 'b', '^x', 'type', 'constructor'), tie('value'), { maxKeys: 3 }),
      schema: fc.dictionary(keyword, tie('value'), { maxKeys: 4 }),
    }));
    let accepted = 0;
    fc.assert(
      fc.property(fc.dictionary(keyword, value, { maxKeys: 4 }), (schema) => {
        const { workflow } = analyse(schema);
        if (workflow === undefined) return;
        accepted += 1;
        for (const s of [undefined, null, 'a', 1, [1], { a: 1 }]) {
          try {
            checkInputs(workflow, s === undefined ? {} : { s });
          } catch (error) {
            assert.ok(error instanceof CodedError, `${JSON.stringify(schema)}: ${String(error)}`);
          }
        }
      }),
      { numRuns: Number(process.env['SLUICE_FUZZ_RUNS'] ?? 150) },
    );
    assert.ok(accepted > 20, `${accepted} were accepted`);
  });
});
