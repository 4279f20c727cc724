import type { ErrorObject } from 'ajv/dist/2020.js';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';

/** What is wrong with parameters: where (`ids[3]`; empty for the parameters as a whole), and what would be right. */
export interface ParamsFault {
  readonly field: string;
  readonly message: string;
}

/** Ajv's errors of one check, in words. `verbose` must have been on. */
export function describeFault(errors: readonly ErrorObject[], params: JsonObject): ParamsFault {
  const [error] = errors;
  if (error === undefined) return { field: '', message: 'the parameters are not as they should be.' };
  const field = fieldOf(error.instancePath);
  // A union reports each of its members, and then itself.
  const types = errors.filter(({ keyword, instancePath }) => keyword === 'type' && instancePath === error.instancePath).map(typeIn);
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, field);
    case 'required': {
      const name = joined(field, textParam(error, 'missingProperty'));
      return { field: name, message: `'${name}' is missing.` };
    }
    case 'type':
      return { field, message: `'${field}' must be ${types.join(' or ')}, not ${kindOf(valueAt(error, params))}.` };
    case 'enum':
      return wrongWord(error, field);
    default:
      return { field, message: `'${field}' ${error.message ?? 'is not as it should be'}.${descriptionIn(error)}` };
  }
}

function unknownKey(error: ErrorObject, field: string): ParamsFault {
  const name = textParam(error, 'additionalProperty');
  const schema: unknown = error.parentSchema;
  const known = isJsonObject(schema) && isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
  const nearest = nearestName(name, known);
  const hint = nearest === undefined ? (known.length === 0 ? ' There are none.' : ` There are: ${known.join(', ')}.`) : ` Did you mean '${nearest}'?`;
  return { field: joined(field, shortened(name)), message: `there is no parameter '${joined(field, shortened(name))}'.${hint}` };
}

function wrongWord(error: ErrorObject, field: string): ParamsFault {
  const allowed: unknown = error.params.allowedValues;
  const words = Array.isArray(allowed) ? allowed.map(String) : [];
  const nearest = typeof error.data === 'string' ? nearestName(error.data, words) : undefined;
  return { field, message: `'${field}' must be one of ${words.join(', ')}.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`}` };
}

/** `/ids/3` is `ids[3]`. */
function fieldOf(instancePath: string): string {
  return instancePath
    .split('/')
    .slice(1)
    .map((part) => shortened(part.replaceAll('~1', '/').replaceAll('~0', '~')))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : joined(path, part)), '');
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function shortened(name: string): string {
  return name.length <= 100 ? name : `${name.slice(0, 100)}…`;
}

function textParam(error: ErrorObject, name: string): string {
  const value: unknown = error.params[name];
  return typeof value === 'string' ? value : '';
}

function typeIn(error: ErrorObject): string {
  const type: unknown = error.params.type;
  const names = (Array.isArray(type) ? type : [type]).map(String);
  return names.map((name) => articles[name] ?? name).join(' or ');
}

const articles: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'true or false',
  integer: 'an integer',
  number: 'a number',
  object: 'an object',
  string: 'a string',
};

function valueAt(error: ErrorObject, params: JsonObject): unknown {
  return error.instancePath === '' ? params : error.data;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a number with a fraction';
  return articles[typeof value] ?? typeof value;
}

function descriptionIn(error: ErrorObject): string {
  const schema: unknown = error.parentSchema;
  return isJsonObject(schema) && typeof schema.description === 'string' ? ` ${schema.description}` : '';
}
