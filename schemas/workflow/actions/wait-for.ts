import type { ActionDefinition } from './action-definition.ts';

/** A duration in `with`, as `parseDuration` reads it. */
export const durationText = '^\\s*([0-9]+(\\.[0-9]+)?(ms|s|m|h|d|w))+\\s*$';

/** `wait/for`: nothing, for a while. The wait is kept in the store, and takes no place of a queue. */
export const waitFor: ActionDefinition = {
  name: 'wait/for',
  summary: 'Waits for a duration, across restarts, without a slot in its queue.',
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['duration'],
    properties: {
      duration: {
        type: 'string',
        pattern: durationText,
        maxLength: 100,
        description: 'How long to wait, with a unit: `30s`, `1h30m`, `3d`; at most ten years. The wait begins when the job has its turn in its queue.',
        examples: ['3d', '1h30m'],
      },
    },
  },
  output: { type: 'object', additionalProperties: false, properties: {} },
};

/** What the input schema admits. */
export interface WaitForInput {
  readonly duration: string;
}
