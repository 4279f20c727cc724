import assert from 'node:assert/strict';
import type { Prompter } from '../../../../extension/ask/prompter.ts';
import { askInputs } from '../../../../extension/form/ask-inputs.ts';
import { fieldsOf, readFieldText, type InputField } from '../../../../extension/form/input-fields.ts';
import { noInputs, rememberable, withFile, withValue } from '../../../../extension/form/run-inputs.ts';
import type { Json } from '../../../../schemas/workflow/json.ts';

const schema: Json = {
  type: 'object',
  properties: {
    dry: { type: 'boolean', default: false },
    list: { type: 'array', items: { type: 'object' }, description: 'Who gets it' },
    subject: { type: 'string', minLength: 3 },
    tier: { enum: ['free', 'paid'], default: 'free' },
    key: { type: 'string', writeOnly: true },
    count: { type: 'integer', minimum: 1, maximum: 9, default: 1 },
  },
  required: ['list', 'subject', 'tier'],
};
const field = (name: string): InputField => {
  const found = fieldsOf(schema).find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
};

describe('the fields of a form', () => {
  it('are those of the schema: first what has to be given, then the rest as in the file', () => {
    assert.deepEqual(fieldsOf(schema).map(({ name, kind }) => `${name}: ${kind}`), ['list: list', 'subject: text', 'dry: boolean', 'tier: choice', 'key: text', 'count: integer']);
    assert.deepEqual(fieldsOf(undefined), []);
    assert.deepEqual(fieldsOf({ properties: [] }), []);
  });

  const typed: readonly [field: string, text: string, value: Json | undefined][] = [
    ['subject', 'Hello', 'Hello'],
    ['subject', 'He', undefined],
    ['count', ' 7 ', 7],
    ['count', '7.5', undefined],
    ['count', '0', undefined],
    ['count', '', undefined],
    ['count', 'seven', undefined],
    ['list', '["a"]', ['a']],
    ['list', '{"a":1}', undefined],
    ['list', '[', undefined],
  ];
  for (const [name, text, value] of typed) {
    it(`read ${JSON.stringify(text)} for ${name} as ${JSON.stringify(value)}`, () => {
      const read = readFieldText(field(name), text);
      assert.deepEqual(read.ok ? read.value : undefined, value);
    });
  }
});

describe('a form', () => {
  it('asks for what has to be given', async () => {
    const script = new ScriptedAsker([['pick', 'file'], ['file', '/lists/people.csv'], ['input', 'Hello']]);
    const inputs = await askInputs(script.asker, { title: 'Newsletter', fields: fieldsOf(schema), last: noInputs });
    assert.deepEqual(inputs, { values: { subject: 'Hello' }, files: { list: '/lists/people.csv' } });
    assert.equal(script.left, 0);
  });

  it('asks nothing of what was given the last time', async () => {
    const last = withFile(withValue(noInputs, 'subject', 'Again'), 'list', '/lists/people.csv');
    const script = new ScriptedAsker([]);
    assert.deepEqual(await askInputs(script.asker, { title: 'Newsletter', fields: fieldsOf(schema), last }), last);
  });

  it('starts nothing if the person gives up', async () => {
    assert.equal(await askInputs(new ScriptedAsker([['pick', undefined]]).asker, { title: 'x', fields: fieldsOf(schema), last: noInputs }), undefined);
  });

  it('remembers neither secrets nor what is too long', () => {
    const inputs = withValue(withValue(withValue(noInputs, 'key', 's3cret'), 'subject', 'x'.repeat(30_000)), 'dry', true);
    assert.deepEqual(rememberable(inputs, fieldsOf(schema)), { values: { dry: true }, files: {} });
  });
});

/** Answers in order: picks by a word of the label, else undefined. */
class ScriptedAsker {
  readonly asker: Prompter;
  readonly #answers: (readonly [kind: string, answer: string | undefined])[];

  constructor(answers: readonly (readonly [kind: string, answer: string | undefined])[]) {
    this.#answers = [...answers];
    this.asker = {
      pick: async (items, options) => {
        const word = this.#next('pick', options.placeHolder);
        return word === undefined ? undefined : (await items).find(({ label }) => label.includes(word));
      },
      pickMany: async () => undefined,
      input: async ({ prompt, validateInput }) => {
        const text = this.#next('input', prompt);
        if (text !== undefined) assert.equal(await validateInput?.(text), undefined);
        return text;
      },
      file: async ({ title }) => {
        const fsPath = this.#next('file', title);
        return fsPath === undefined ? undefined : { fsPath };
      },
      saveFile: async () => undefined,
      confirm: async () => false,
      decide: async () => undefined,
      tell: async () => undefined,
    };
  }

  get left(): number {
    return this.#answers.length;
  }

  #next(kind: string, question: string | undefined): string | undefined {
    const [expected, answer] = this.#answers.shift() ?? [];
    assert.equal(kind, expected, `asked: ${question ?? ''}`);
    return answer;
  }
}
