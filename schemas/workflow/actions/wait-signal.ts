import type { JsonObject } from '../json.ts';
import type { ActionDefinition } from './action-definition.ts';
import { durationText } from './wait-for.ts';

/**
 * `wait/signal`: an answer, from a person or a program. Of each name a run has one answer, which may come before it is waited for.
 */
export const waitSignal: ActionDefinition = {
  name: 'wait/signal',
  summary: 'Waits for an answer, such as an approval or a callback, without a slot in its queue.',
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
          'The name of the answer within the run: `sluice signal r12 approve`. All steps and items of a run that wait for the same name get the same answer. ' +
          'To answer items one by one, give each its own name: `approve-${{ item.id }}`.',
        examples: ['approve'],
      },
      timeout: {
        type: 'string',
        pattern: durationText,
        maxLength: 100,
        description: 'How long to wait at most, with a unit: `24h`. If omitted, the step waits until there is an answer or it is cancelled.',
        examples: ['24h'],
      },
      'on-timeout': {
        type: 'string',
        enum: ['fail', 'continue'],
        default: 'fail',
        description: '`fail`: the job becomes a dead letter; a replay waits again. `continue`: the step succeeds, and `payload`, `by` and `at` of its output are null.',
      },
      question: {
        type: 'string',
        maxLength: 2000,
        description: 'What is asked, for whoever answers: the editor and the page of a link show it.',
        examples: ['Send the newsletter to 4,800 readers?'],
      },
      payload: {
        type: 'object',
        description: 'The fields of an answer, as properties of a JSON Schema, like `inputs`. The editor shows a form for them, and an answer that does not fit is refused. Fields without a `default` are required.',
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
      payload: { description: 'The payload of the answer; null if there was none.' },
      by: { type: ['string', 'null'], description: 'Who answered.', examples: ['ada'] },
      at: { type: ['string', 'null'], description: 'When: ISO 8601, in UTC.', examples: ['2025-03-01T09:00:00.000Z'] },
    },
  },
};

/** What the input schema admits. */
export interface WaitSignalInput {
  readonly name: string;
  readonly timeout?: string;
  readonly 'on-timeout'?: 'fail' | 'continue';
  readonly question?: string;
  readonly payload?: Readonly<Record<string, JsonObject>>;
}
