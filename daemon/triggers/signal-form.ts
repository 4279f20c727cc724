import { LossyJsonError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import { html, type Html } from './html.ts';

/** Before the names of the fields that make the answer, so that none is taken for another part of the form. */
const prefix = 'answer.';

/** Of a choice of more, a list that opens is shown. */
const maxRadios = 6;

type Schema = JsonObject;

/** What was typed, by the names of the form's fields. */
export type GivenFields = ReadonlyMap<string, string>;

/** The fields of a form for what an answer says. `declared`: properties of a JSON Schema. `given`: what was typed before. */
export function formFields(declared: JsonObject, given: GivenFields): readonly Html[] {
  return Object.entries(declared).map(([name, value]) => {
    const schema = isJsonObject(value) ? value : {};
    const typed = given.get(prefix + name) ?? defaultText(schema);
    return field(name, schema, typed);
  });
}

/** The answer that a form says; what it leaves empty and has a default, or can't be empty, is left out. `problem`: of the first field that can't be read. */
export function answerOf(declared: JsonObject, given: GivenFields): { readonly ok: true; readonly answer: JsonObject } | { readonly ok: false; readonly problem: string } {
  const entries: [string, Json][] = [];
  for (const [name, value] of Object.entries(declared)) {
    const schema = isJsonObject(value) ? value : {};
    const text = given.get(prefix + name)?.replace(/\r\n?/g, '\n');
    if (text === undefined || (text === '' && !(schema['type'] === 'string' && schema['default'] === undefined))) continue;
    const read = valueOf(schema, text);
    if (read === undefined) return { ok: false, problem: `${titleOf(name, schema)}: ${wanted(schema)}` };
    entries.push([name, read.value]);
  }
  return { ok: true, answer: Object.fromEntries(entries) };
}

function field(name: string, schema: Schema, typed: string | undefined): Html {
  const { description } = schema;
  const control = prefix + name;
  const help = typeof description === 'string' ? html`<small>${description}</small>` : undefined;
  const choices = choicesOf(schema);
  if (choices !== undefined && choices.length <= maxRadios) {
    return html`<fieldset><legend>${titleOf(name, schema)}</legend>${help}
${choices.map(([value, label]) => html`<label class="choice"><input type="radio" name="${control}" value="${value}"${value === typed ? html` checked` : undefined} required> ${label}</label>`)}
</fieldset>`;
  }
  return html`<label class="field"><span>${titleOf(name, schema)}</span>${help}
${choices === undefined ? input(control, schema, typed) : select(control, choices, typed)}</label>`;
}

function select(control: string, choices: readonly Choice[], typed: string | undefined): Html {
  return html`<select name="${control}" required><option value=""></option>
${choices.map(([value, label]) => html`<option value="${value}"${value === typed ? html` selected` : undefined}>${label}</option>`)}
</select>`;
}

const inputTypes: Readonly<Record<string, string>> = { email: 'email', date: 'date', time: 'time', uri: 'url', password: 'password' };

function input(control: string, schema: Schema, typed = ''): Html {
  const { type, format, maxLength, minLength, minimum, maximum } = schema;
  const required = schema['default'] === undefined && !(type === 'string' && !(Number(minLength) > 0)) ? html` required` : undefined;
  switch (type) {
    case 'integer':
    case 'number':
      return html`<input type="number" inputmode="decimal" name="${control}" value="${typed}" step="${type === 'integer' ? 1 : 'any'}"${attribute('min', minimum)}${attribute('max', maximum)}${required}>`;
    case 'string': {
      const kind = typeof format === 'string' ? inputTypes[format] : undefined;
      if (kind === undefined && !(Number(maxLength) <= 100)) return html`<textarea name="${control}" rows="3"${attribute('maxlength', maxLength)}${required}>${typed}</textarea>`;
      return html`<input type="${kind ?? 'text'}" name="${control}" value="${typed}"${attribute('maxlength', maxLength)}${required}>`;
    }
    default:
      return html`<textarea name="${control}" rows="6" spellcheck="false" class="code" placeholder="${type === 'array' ? '["one", "two"]' : '{"key": "value"}'}"${required}>${typed}</textarea><small>Written as JSON.</small>`;
  }
}

function attribute(name: string, value: Json | undefined): Html | undefined {
  return typeof value === 'number' ? html` ${name}="${value}"` : undefined;
}

type Choice = readonly [value: string, label: string];

/** Of `enum` and of booleans. */
function choicesOf({ type, enum: values }: Schema): readonly Choice[] | undefined {
  if (Array.isArray(values) && values.length > 0) return (values as readonly Json[]).map((value) => [JSON.stringify(value), typeof value === 'string' ? value : JSON.stringify(value)]);
  return type === 'boolean' ? [['true', 'Yes'], ['false', 'No']] : undefined;
}

function defaultText(schema: Schema): string | undefined {
  const { default: value, type } = schema;
  if (value === undefined) return undefined;
  return type === 'string' && typeof value === 'string' && choicesOf(schema) === undefined ? value : JSON.stringify(value);
}

function titleOf(name: string, { title }: Schema): string {
  return typeof title === 'string' && title !== '' ? title : name;
}

function valueOf(schema: Schema, text: string): { readonly value: Json } | undefined {
  if (schema['type'] === 'string' && choicesOf(schema) === undefined) return { value: text };
  try {
    return { value: parseExactJson(text) };
  } catch (error) {
    if (error instanceof LossyJsonError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function wanted({ type }: Schema): string {
  switch (type) {
    case 'integer':
      return 'a whole number is needed.';
    case 'number':
      return 'a number is needed.';
    case 'array':
      return 'a list is needed, written as JSON: ["one", "two"].';
    default:
      return 'this is written as JSON, such as "text", 17 or {"key": "value"}.';
  }
}
