import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Actions } from '../../../../daemon/actions/actions.ts';
import { emailSend } from '../../../../schemas/workflow/actions/email-send.ts';
import { fileWrite } from '../../../../schemas/workflow/actions/file-write.ts';
import { httpRequest } from '../../../../schemas/workflow/actions/http-request.ts';
import { sqlQuery } from '../../../../schemas/workflow/actions/sql-query.ts';
import { transformJsonata } from '../../../../schemas/workflow/actions/transform-jsonata.ts';
import { transformScript } from '../../../../schemas/workflow/actions/transform-script.ts';
import { waitFor } from '../../../../schemas/workflow/actions/wait-for.ts';
import { waitSignal } from '../../../../schemas/workflow/actions/wait-signal.ts';
import { workflowRun } from '../../../../schemas/workflow/actions/workflow-run.ts';
import { webhookSend } from '../../../../schemas/workflow/actions/webhook-send.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { MemoryTokens } from '../../../support/memory-tokens.ts';
import { isJsonObject, type JsonObject } from '../../../../schemas/workflow/json.ts';

const definitions = [httpRequest, webhookSend, emailSend, fileWrite, sqlQuery, transformJsonata, transformScript, waitFor, waitSignal, workflowRun];

describe('Actions', () => {
  it('has one action for each definition, by its name', async () => {
    const actions = new Actions({ version: '1', clock: new FakeClock(), tokens: { store: new MemoryTokens(), mask: () => {} }, prepareRun: async () => Promise.reject(new Error('no run is expected')) });
    assert.deepEqual(actions.list().map(({ definition }) => definition), definitions);
    for (const definition of definitions) assert.equal(actions.get(definition.name)?.definition, definition);
    assert.equal(actions.get('shell/run'), undefined);
    await actions.stop();
    await actions.stop();
  });
});

describe('the schemas of actions', () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, keywords: ['x-secret'] });

  for (const definition of definitions) {
    it(`${definition.name}: are valid, closed, and described`, () => {
      for (const schema of [definition.input, definition.output]) {
        assert.ok(ajv.validateSchema(schema), ajv.errorsText());
        // What a run or a script gives is its own.
        if (schema !== workflowRun.output && schema !== transformScript.output && schema !== transformJsonata.output) assert.equal(schema['additionalProperties'], false);
        // A reference would lead elsewhere in the workflow's schema, which holds this one.
        assert.doesNotMatch(JSON.stringify(schema), /"\$ref"/);
        for (const [name, property] of propertiesOf(schema)) assert.ok(typeof property['description'] === 'string', name);
      }
    });

    it(`${definition.name}: bear examples and defaults that are valid themselves`, () => {
      for (const schema of [definition.input, definition.output]) {
        for (const [name, property] of propertiesOf(schema)) {
          const validate = ajv.compile(property);
          const samples = [...(Array.isArray(property['examples']) ? (property['examples'] as unknown[]) : []), ...('default' in property ? [property['default']] : [])];
          for (const sample of samples) assert.ok(validate(sample), `${name}: ${ajv.errorsText(validate.errors)}`);
        }
      }
    });
  }

  it('bear secrets in these places only', () => {
    const bearing = definitions.flatMap(({ name, input }) =>
      propertiesOf(input).flatMap(([property, schema]) => (schema['x-secret'] === true ? [`${name} ${property}`] : [])),
    );
    assert.deepEqual(bearing, [
      'http/request url', 'http/request query', 'http/request headers', 'http/request json', 'http/request form', 'http/request text', 'http/request multipart',
      'webhook/send url', 'webhook/send secret', 'webhook/send headers', 'sql/query params',
    ]);
  });
});

function propertiesOf(schema: JsonObject): [string, JsonObject][] {
  const properties = schema['properties'];
  if (!isJsonObject(properties)) return [];
  return Object.entries(properties).filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1]));
}
