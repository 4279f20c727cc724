import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { CodedError } from '../../schemas/protocol/error.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Workflow } from '../../schemas/workflow/model.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';

/** Problems that a message names. */
const maxNamed = 5;

/** Inputs up to this many characters of JSON get all their problems listed; of larger ones, whose every row may be wrong, the first. */
const fullCheckChars = 1024 * 1024;

interface Validators {
  /** Stops at the first problem. */
  readonly quick: ValidateFunction;
  /** Finds all. */
  readonly full: ValidateFunction;
}

const validators = new WeakMap<Workflow, Validators>();

/** The inputs with their defaults. @throws CodedError `invalid-inputs`, which lists the problems */
export function checkInputs(workflow: Workflow, given: Readonly<Record<string, unknown>>): JsonObject {
  const { quick, full } = validatorsOf(workflow);
  const inputs = structuredClone(given) as Record<string, Json>;
  if (quick(inputs)) return inputs;
  let errors = quick.errors ?? [];
  if (JSON.stringify(given).length <= fullCheckChars) {
    full(inputs);
    errors = full.errors ?? errors;
  }
  const problems = errors.map((error) => problemOf(error, workflow));
  const more = problems.length > maxNamed ? `; and ${problems.length - maxNamed} more` : '';
  throw new CodedError('invalid-inputs', `The inputs don't fit the workflow ${workflow.id}: ${problems.slice(0, maxNamed).join('; ')}${more}.`, {
    problems: problems.slice(0, 100),
  });
}

function validatorsOf(workflow: Workflow): Validators {
  const known = validators.get(workflow);
  if (known !== undefined) return known;
  const compile = (allErrors: boolean): ValidateFunction => {
    const ajv = new Ajv2020({ allErrors, strict: false, useDefaults: true });
    formats.default(ajv);
    return ajv.compile(workflow.inputs);
  };
  const made = { quick: compile(false), full: compile(true) };
  validators.set(workflow, made);
  return made;
}

function problemOf({ instancePath, keyword, params, message }: ErrorObject, workflow: Workflow): string {
  const place = instancePath.slice(1).replaceAll('/', '.');
  const declared = isJsonObject(workflow.inputs['properties']) ? Object.keys(workflow.inputs['properties']) : [];
  if (keyword === 'additionalProperties' && place === '') {
    const name = String(params['additionalProperty']);
    const near = nearestName(name, declared);
    if (near !== undefined) return `there is no input ${name}; did you mean ${near}?`;
    return declared.length === 0 ? `there is no input ${name}, since the workflow takes none` : `there is no input ${name}; there are: ${declared.join(', ')}`;
  }
  if (keyword === 'required' && place === '') return `the input ${String(params['missingProperty'])} is missing`;
  return `${place === '' ? 'the inputs' : place} ${message ?? 'is not valid'}`;
}
