import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { payloadSchemaText, readPayload } from '../../../../extension/documents/payload-schema.ts';
import { actionDefinitions } from '../../../../schemas/workflow/actions/action-definitions.ts';

describe('the schema of a payload', () => {
  for (const { name, input } of actionDefinitions) {
    it(`of ${name} admits what the daemon admits`, () => {
      const schema = JSON.parse(payloadSchemaText(`/${name}.json`) ?? '') as object;
      const validate = new Ajv2020({ strict: false }).compile(schema);
      const same = new Ajv2020({ strict: false }).compile(input);
      for (const payload of [{}, { url: 'https://a.example' }, { url: 'https://a.example', body: 1 }, { connection: 'c', to: 'a@b.c', subject: 's', text: 't' }, { url: 1 }, { bogus: 1 }]) {
        assert.equal(validate(payload), same(payload), JSON.stringify(payload));
      }
    });
  }

  it('explains each property in Markdown', () => {
    const { properties } = JSON.parse(payloadSchemaText('/http/request.json') ?? '') as { properties: Record<string, { description: string; markdownDescription: string }> };
    assert.deepEqual(properties['url']?.markdownDescription, properties['url']?.description);
  });

  it('is there for our actions alone', () => assert.equal(payloadSchemaText('/no/action.json'), undefined));
});

describe('the payload that a person has typed', () => {
  it('may begin with a byte order mark, and may have the line breaks of any editor', () => {
    assert.deepEqual(readPayload('\uFEFF{\r\n  "url": "https://a.example"\r\n}\r\n'), { ok: true, payload: { url: 'https://a.example' } });
  });

  it('is refused where it is none', () => {
    for (const text of ['', '{', '[1]', '"a"', '{ "a": 1, "a": 2 }', '{ "a": 12345678901234567890 }']) assert.equal(readPayload(text).ok, false, text);
  });
});
