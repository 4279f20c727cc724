import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { CodedError } from '../../schemas/protocol/error.ts';
import { type MethodName, methods } from '../../schemas/protocol/method.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';

type Check = (params: JsonObject) => ParamsFault | undefined;

/**
 * Checks parameters against the schemas of `methods`, each compiled when its method is first called: all of them at once would take
 * a good part of the daemon's start. Stops at the first fault: looking for all of
 * them would let a hostile list of a hundred thousand wrong items cost as many messages.
 */
export class ParamsValidator {
  readonly #ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true, verbose: true, allErrors: false });
  readonly #checks = new Map<MethodName, Check>();

  /** Throws a `CodedError`: `unknown-method`, or `invalid-params` with the place in `data.field`. */
  check(method: string, params: JsonObject): MethodName {
    if (!isMethodName(method)) throw unknownMethod(method);
    const fault = this.#checkOf(method)(params);
    if (fault !== undefined) throw new CodedError('invalid-params', `${method}: ${fault.message}`, fault.field === '' ? {} : { field: fault.field });
    return method;
  }

  #checkOf(method: MethodName): Check {
    let check = this.#checks.get(method);
    if (check === undefined) {
      check = checkOf(this.#ajv, methods[method].params);
      this.#checks.set(method, check);
    }
    return check;
  }
}

const methodNames = Object.keys(methods).filter(isMethodName);

function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}

function unknownMethod(method: string): CodedError {
  const nearest = nearestName(method, methodNames);
  const shown = method.length <= 100 ? `'${method}'` : 'that name';
  return new CodedError('unknown-method', `There is no method ${shown}.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`}`);
}

function checkOf(ajv: Ajv2020, schema: object): Check {
  const choice = choiceOf(schema);
  if (choice === undefined) return checkBy(ajv.compile(schema));
  const branches = new Map([...choice.branches].map(([value, branch]) => [value, checkBy(ajv.compile(branch))]));
  return (params) => {
    const value = params[choice.key];
    const branch = typeof value === 'string' ? branches.get(value) : undefined;
    if (branch !== undefined) return branch(params);
    const known = [...branches.keys()];
    const nearest = typeof value === 'string' ? nearestName(value, known) : undefined;
    return {
      field: choice.key,
      message: `'${choice.key}' must be one of ${known.join(', ')}.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`}`,
    };
  };
}

function checkBy(validate: ValidateFunction): Check {
  return (params) => {
    if (validate(params)) return undefined;
    const errors: readonly ErrorObject[] = validate.errors ?? [];
    return describeFault(errors, params);
  };
}

/**
 * Where the schema is a union of objects that one constant tells apart, that key and the objects by its value. Ajv itself would
 * complain about each of them.
 */
function choiceOf(schema: object): { readonly key: string; readonly branches: ReadonlyMap<string, object> } | undefined {
  if (!('anyOf' in schema) || !Array.isArray(schema.anyOf)) return undefined;
  const objects = (schema.anyOf as readonly unknown[]).filter(isJsonObject);
  const [first] = objects;
  const keys = isJsonObject(first?.properties) ? Object.keys(first.properties) : [];
  for (const key of keys) {
    const values = objects.map(({ properties }) => {
      const property = isJsonObject(properties) ? properties[key] : undefined;
      return isJsonObject(property) && typeof property.const === 'string' ? property.const : undefined;
    });
    const known = values.filter((value) => value !== undefined);
    if (known.length === objects.length) return { key, branches: new Map(known.map((value, index) => [value, objects[index] ?? {}])) };
  }
  return undefined;
}

/** What is wrong with parameters: where (`ids[3]`; empty for the parameters as a whole), and what would be right. */
interface ParamsFault {
  readonly field: string;
  readonly message: string;
}

/** Ajv's errors of one check, in words. `verbose` must have been on. */
function describeFault(errors: readonly ErrorObject[], params: JsonObject): ParamsFault {
  const [error] = errors;
  if (error === undefined) return { field: '', message: 'the parameters are not as they should be.' };
  const field = fieldOf(error.instancePath);
  // A union reports each of its members, and then itself.
  const allowed = errors.filter(({ keyword, instancePath }) => (keyword === 'type' || keyword === 'const') && instancePath === error.instancePath).map(allowedIn);
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, field);
    case 'required': {
      const name = joined(field, textParam(error, 'missingProperty'));
      return { field: name, message: `'${name}' is missing.` };
    }
    case 'type':
      return { field, message: `'${field}' must be ${[...new Set(allowed)].join(' or ')}, not ${kindOf(valueAt(error, params))}.` };
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

/** What one member of a union allows: `an integer`, or the word that it is, in quotes. */
function allowedIn(error: ErrorObject): string {
  const schema: unknown = error.parentSchema;
  if (isJsonObject(schema) && typeof schema.const === 'string') return `'${schema.const}'`;
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
