import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { CodedError } from '../../schemas/protocol/error.ts';
import { methods, type MethodName } from '../../schemas/protocol/method.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';
import { describeFault, type ParamsFault } from './params-fault.ts';

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
