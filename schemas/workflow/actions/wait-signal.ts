import type { JsonObject } from '../json.ts';
import type { ActionDefinition } from './action-definition.ts';
import { durationText } from './wait-for.ts';

/**
 * `wait/signal`: an answer, from a person or a program. Of each name a run has one answer, which may come before it is waited for.
 */
export const waitSignal: ActionDefinition = {
  name: 'wait/signal',
  summary: 'Waits for an answer: an approval, or a callback. It takes no place in its queue.',
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: {
        type: 'string',
        minLength: 1,
        maxLength: 200,
        pattern: '^[^\\r\\n\\u0000]+$',
        description:
          'What the answer is addressed to, together with the run: `sluice signal r12 approve`. All steps and items of a run that wait for one name have one answer; ' +
          'items that are answered one by one have names of their own: `approve-${{ item.id }}`.',
        examples: ['approve'],
      },
      timeout: {
        type: 'string',
        pattern: durationText,
        maxLength: 100,
        description: 'How long at most, with its unit: `24h`. Without it, the step waits until there is an answer, or somebody cancels it.',
        examples: ['24h'],
      },
      'on-timeout': {
        type: 'string',
        enum: ['fail', 'continue'],
        default: 'fail',
        description: '`fail`: a dead letter, whose replay waits again. `continue`: the step succeeds, and `payload`, `by` and `at` of its output are null.',
      },
      payload: {
        type: 'object',
        description: 'What an answer says, as the properties of a JSON Schema, like `inputs`: the editor asks for it with a form, and what does not fit is refused. What has no `default` has to be said.',
        additionalProperties: { type: 'object' },
        examples: [{ approved: { type: 'boolean' }, comment: { type: 'string', default: '' } }],
      },
    },
  },
  output: {
    type: 'object',
    additionalProperties: false,
    required: ['payload', 'by', 'at'],
    properties: {
      payload: { description: 'What was answered; null if nothing was.' },
      by: { type: ['string', 'null'], description: 'Who has answered.', examples: ['ada'] },
      at: { type: ['string', 'null'], description: 'When: ISO 8601, in UTC.', examples: ['2025-03-01T09:00:00.000Z'] },
    },
  },
};

/** What the input schema admits. */
export interface WaitSignalInput {
  readonly name: string;
  readonly timeout?: string;
  readonly 'on-timeout'?: 'fail' | 'continue';
  readonly payload?: Readonly<Record<string, JsonObject>>;
}
