import type { JsonObject } from '../json.ts';
import type { ActionDefinition } from './action-definition.ts';
import { durationText } from './wait-for.ts';

/** How long a script may run, in milliseconds of processor time, unless its step says otherwise; and at most. */
export const scriptDefaults = { limitMs: 5_000, maxLimitMs: 60_000 } as const;
/** Longest code, in characters. */
export const maxScript = 65_536;

/** `transform/script`: JavaScript without I/O. No field bears a secret: a script could put it into its result, letter by letter. */
export const transformScript: ActionDefinition = {
  name: 'transform/script',
  summary: 'Runs JavaScript in a sandbox without network, files or clock; its result is the output.',
  code: 'script',
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['script'],
    properties: {
      script: {
        type: 'string',
        minLength: 1,
        maxLength: maxScript,
        description:
          'A JavaScript module (ES2023) whose default export is a function. It is called with an object of the names that it reads: `item` (or the name of `as`), `inputs`, `steps`, `vars`, `trigger`, `run`, `job`, `env`, and `now`, a `Date`. ' +
          'What it returns, or what its promise gives, is the output. It has 64 MiB of memory. Expressions are not allowed in it, because a value that is put into code becomes code.',
        examples: ['export default ({ item }) => ({ name: item.name.trim() })'],
      },
      input: {
        type: 'object',
        description: 'The object that the function is called with, in place of the names that it reads. `now` is added to it.',
        examples: [{ people: '${{ steps.list.output.body }}' }],
      },
      'time-limit': {
        type: 'string',
        pattern: durationText,
        maxLength: 100,
        default: '5s',
        description: 'How much processor time the script may use, at most one minute.',
        examples: ['500ms', '20s'],
      },
    },
  },
  output: { description: 'What the function returned.' },
};

/** What the input schema admits. */
export interface TransformScriptInput {
  readonly script: string;
  readonly input?: JsonObject;
  readonly 'time-limit'?: string;
}
