import formats from 'ajv-formats';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Message } from '../../schemas/wording/message.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import { valueProblems, type ValueProblemOptions } from '../../schemas/workflow/value-problem.ts';

/** Values up to this many characters of JSON get all their problems listed; of larger ones, whose every row may be wrong, the first. */
const fullCheckChars = 1024 * 1024;

/** Checks values against a JSON Schema. Compiled when it is first needed. */
export class ValueCheck {
  readonly #schema: JsonObject;
  /** Stops at the first problem: nearly all values have none. */
  #quick: ValidateFunction | undefined;
  /** Finds all. */
  #full: ValidateFunction | undefined;

  readonly #useDefaults: boolean;

  /** `useDefaults`: a value that fits gets the schema's defaults. */
  constructor(schema: JsonObject, { useDefaults }: { readonly useDefaults: boolean }) {
    this.#schema = schema;
    this.#useDefaults = useDefaults;
  }

  /** None if the value fits. */
  problems(value: Json, options: ValueProblemOptions): readonly Message[] {
    const quick = (this.#quick ??= this.#compile(false));
    if (quick(value)) return [];
    let errors: readonly ErrorObject[] = quick.errors ?? [];
    if (JSON.stringify(value).length <= fullCheckChars) {
      const full = (this.#full ??= this.#compile(true));
      full(value);
      errors = full.errors ?? errors;
    }
    return valueProblems(errors, options);
  }

  /** By a validator of its own: one that is kept would keep each schema that it has ever compiled. */
  #compile(allErrors: boolean): ValidateFunction {
    const ajv = new Ajv2020({ allErrors, verbose: true, strict: false, useDefaults: this.#useDefaults });
    formats.default(ajv);
    return ajv.compile(this.#schema);
  }
}
