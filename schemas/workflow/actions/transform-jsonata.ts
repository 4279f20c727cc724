import type { Json } from '../json.ts';
import type { ActionDefinition } from './action-definition.ts';
import { scriptDefaults } from './transform-script.ts';
import { durationText } from './wait-for.ts';

/** Longest expression, in characters. */
export const maxJsonata = 65_536;
/** How long an expression may take, in milliseconds of processor time, unless its step says otherwise; and at most. */
export const jsonataDefaults = scriptDefaults;

/** `transform/jsonata`: no field bears a secret, because an expression could put it into its result letter by letter. */
export const transformJsonata: ActionDefinition = {
  name: 'transform/jsonata',
  summary: 'Queries and reshapes JSON with a JSONata expression; its result is the output.',
  code: 'expression',
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['expression'],
    properties: {
      expression: {
        type: 'string',
        minLength: 1,
        maxLength: maxJsonata,
        description:
          'A JSONata expression (https://jsonata.org), which queries `input`. All functions are there but `$eval`: text of the data is never run. `$now()` and `$millis()` are the time of the attempt, and `$random()` gives the same numbers in each attempt of a job. Expressions in `${{ }}` are not allowed in it.',
        examples: ['orders{customer: $sum(total)}'],
      },
      input: { description: 'What the expression queries: any JSON value. `null` if omitted.', examples: ['${{ steps.list.output.body }}'] },
      'time-limit': {
        type: 'string',
        pattern: durationText,
        maxLength: 100,
        default: '5s',
        description: 'How much processor time the expression may use, at most one minute.',
        examples: ['500ms', '20s'],
      },
    },
  },
  output: { description: 'What the expression gives: `null` if it matches nothing.' },
};

/** What the input schema admits. */
export interface TransformJsonataInput {
  readonly expression: string;
  readonly input?: Json;
  readonly 'time-limit'?: string;
}
