import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ActionDefinition } from '../../schemas/workflow/actions/action-definition.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import { invalidInput } from './action-failure.ts';
import type { ActionFailure } from './action.ts';

export type ValidatedInput<Input> = { readonly ok: true; readonly input: Input } | { readonly ok: false; readonly failure: ActionFailure };

/**
 * Checks rendered inputs against an action's schema, compiled at the first check (the others take about a microsecond). `Input` must be what
 * the schema admits: the type stands beside the schema, in the same file.
 */
export function inputValidator<Input>(definition: ActionDefinition): (input: JsonObject) => ValidatedInput<Input> {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, keywords: ['x-secret'] });
  let compiled: ValidateFunction<Input> | undefined;
  return (input) => {
    const validate = (compiled ??= ajv.compile<Input>(definition.input));
    const candidate: unknown = input;
    if (validate(candidate)) return { ok: true, input: candidate };
    const message = ajv.errorsText(validate.errors?.slice(0, 3), { dataVar: 'with', separator: '; ' });
    return { ok: false, failure: invalidInput('invalid input', `${definition.name}: ${message}.`) };
  };
}
