import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { analyseWorkflow } from '../../../schemas/workflow/analysis/analyse-workflow.ts';
import { actionDefinitions } from '../../../schemas/workflow/actions/action-definitions.ts';
import { parseDocument, toJson } from '../../../schemas/workflow/document.ts';
import { isJsonObject, type Json } from '../../../schemas/workflow/json.ts';
import { allowExpressions } from '../../../schemas/workflow/json-schema/expression-schema.ts';
import { publishedSchemas } from '../../../schemas/workflow/json-schema/published-schemas.ts';
import { connectionsExample, workflowExample } from './example-files.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false, keywords: ['x-secret'] });
const validators = Object.fromEntries(Object.entries(publishedSchemas).map(([name, schema]) => [name, ajv.compile(schema)]));

function fits(kind: keyof typeof publishedSchemas, text: string): boolean {
  const { root: node } = parseDocument(text);
  return validators[kind]?.(node === undefined ? null : toJson(node)) === true;
}

describe('the published schemas', () => {
  for (const [name, schema] of Object.entries(publishedSchemas)) {
    it(`${name}: is what the source says (else: npm run generate)`, () => {
      const file = path.join(root, 'schemas/published', `${name}.schema.json`);
      assert.equal(readFileSync(file, 'utf8'), `${JSON.stringify(schema, null, 2)}\n`);
    });

    it(`${name}: describes each of its keys`, () => {
      const missing: string[] = [];
      visitProperties(schema, [], (property, at) => {
        const { description, $ref, const: constant } = property;
        if (description === undefined && $ref === undefined && constant === undefined) missing.push(at.join('.'));
      });
      assert.deepEqual(missing, []);
    });
  }

  it('takes the example of the design, as the analysis does', () => {
    assert.ok(fits('workflow', workflowExample), ajv.errorsText(validators['workflow']?.errors));
    assert.ok(fits('connections', connectionsExample));
    const { workflow, diagnostics } = analyseWorkflow({ text: workflowExample, id: 'newsletter', project: { queues: {}, connections: new Map([['esp', 'smtp']]) } });
    assert.deepEqual(diagnostics.map(({ severity, code }) => `${severity} ${code}`), [
      // Its schedule would start nothing: it says no inputs, and the workflow needs two.
      'warning missing-key', 'warning missing-key', ...Array.from({ length: 4 }, () => 'warning not-supported'),
    ]);
    assert.deepEqual(Object.keys(workflow?.steps ?? {}), ['enrich', 'send']);
  });

  it('takes an expression wherever an action asks for something else', () => {
    const step = (input: string): string => `steps:\n  call: { uses: http/request, with: ${input} }\n`;
    assert.ok(fits('workflow', step('{ url: x, max-bytes: "${{ inputs.a }}", headers: "${{ inputs.b }}", method: "${{ inputs.c }}", expect: ["${{ inputs.d }}"] }')));
    assert.ok(!fits('workflow', step('{ url: x, max-bytes: many }')));
    assert.ok(!fits('workflow', step('{ url: x, "${{ inputs.a }}": 1 }')));
    assert.ok(!fits('workflow', step('{ max-bytes: "${{ inputs.a }}" }')));
  });

  it('knows the actions by their names', () => {
    for (const { name } of actionDefinitions) assert.match(JSON.stringify(publishedSchemas.workflow), new RegExp(`"const":"${name}"`));
  });

  it('refuse every golden file that is wrong in its shape', () => {
    const folder = path.join(import.meta.dirname, 'golden');
    // Said by names, order or places elsewhere, which a schema can't know.
    const beyondSchemas = /^(workflow-(type|constant|condition|name|secret|needs|cycle|cycles|expression|queue-unknown|connection|on-failure|refers|if|duplicate|syntax|inputs|required|alias|two-documents|webhook-none|signal-url|vars|map-key-twice|on-schedule-needs-input|foreach-(bad|two|constant)|on-cron|planned|with-expression-key|with-bad-url|queue-rate-object|queue-planned|retry-kinds|step-policies|infinity|tab-indent|reserved|undeclared|queue-expression|many)|connections-secrets)/;
    const taken: string[] = [];
    for (const name of readdirSync(folder)) {
      const kind = name.split('-')[0] as keyof typeof publishedSchemas;
      const [text = ''] = readFileSync(path.join(folder, name), 'utf8').split('# expected\n');
      if (fits(kind, text) && !beyondSchemas.test(name)) taken.push(name);
    }
    assert.deepEqual(taken, []);
  });
});

describe('allowExpressions', () => {
  const allow = (schema: Json): ((value: Json) => boolean) => {
    const validate = ajv.compile(allowExpressions(isJsonObject(schema) ? schema : {}));
    return (value) => validate(value);
  };

  it('takes an expression in place of a value, not of a key or of the whole', () => {
    const fitsSchema = allow({ type: 'object', additionalProperties: false, required: ['a'], properties: { a: { type: 'integer' }, b: { type: 'array', items: { enum: [1] } } } });
    assert.ok(fitsSchema({ a: '${{ x }}', b: [1, '${{ y }}'] }));
    assert.ok(fitsSchema({ a: 1, b: '${{ y }}' }));
    assert.ok(!fitsSchema({ a: '1' }));
    assert.ok(!fitsSchema({ b: ['${{ y }}'] }));
    assert.ok(!fitsSchema('${{ x }}'));
  });

  it('keeps keys that exclude each other', () => {
    const fitsSchema = allow({ type: 'object', properties: { a: {}, b: {} }, dependentSchemas: { a: { properties: { b: false } } } });
    assert.ok(fitsSchema({ a: '${{ x }}' }));
    assert.ok(!fitsSchema({ a: 1, b: '${{ x }}' }));
  });
});

function visitProperties(schema: Json | undefined, at: readonly string[], visit: (property: Readonly<Record<string, Json>>, at: readonly string[]) => void): void {
  if (Array.isArray(schema)) {
    for (const item of schema as readonly Json[]) visitProperties(item, at, visit);
  }
  if (!isJsonObject(schema)) return;
  for (const [key, value] of Object.entries(schema)) {
    // Conditions repeat properties that are described elsewhere; examples and defaults hold none.
    if (['if', 'examples', 'default', 'dependentSchemas'].includes(key)) continue;
    if (key === 'properties' && isJsonObject(value)) {
      for (const [name, property] of Object.entries(value)) {
        if (isJsonObject(property) && name !== 'with') visit(property, [...at, name]);
        visitProperties(property, [...at, name], visit);
      }
    } else {
      visitProperties(value, at, visit);
    }
  }
}
