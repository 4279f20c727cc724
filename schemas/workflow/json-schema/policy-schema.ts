import { expressionText } from './expression-schema.ts';

/** The values that stand in several places, each under its name in `$defs`. */
export const policyDefinitions = {
  id: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$', description: 'Letters, digits and underscores; no digit first.' },
  duration: {
    type: 'string',
    pattern: '^\\s*([0-9]+(\\.[0-9]+)?(ms|s|m|h|d|w))+\\s*$',
    description: 'A duration with its unit: `500ms`, `30s`, `1h30m`, `30d`, `2w`.',
    examples: ['30s', '5m', '1h30m', '30d'],
  },
  percentage: { type: 'string', pattern: '^\\s*[0-9]+(\\.[0-9]+)?\\s?%\\s*$', description: 'A percentage with its sign.', examples: ['5%', '0.5%'] },
  expression: { ...expressionText, description: 'One expression between `${{` and `}}`.', examples: ['${{ inputs.list }}'] },
  rate: {
    description: 'At most so many starts in any window of that length: `100/min` (per s, min, h or d), or with a window and a burst of your own.',
    examples: ['100/min', { limit: 1000, per: '1m', burst: 50 }],
    anyOf: [
      { type: 'string', pattern: '^\\s*[0-9]+\\s*/\\s*(s|min|h|d)\\s*$' },
      {
        type: 'object',
        additionalProperties: false,
        required: ['limit', 'per'],
        properties: {
          limit: { type: 'integer', minimum: 1, maximum: 1_000_000, description: 'Starts in a window.' },
          per: { $ref: '#/$defs/duration', description: 'The length of the window.' },
          burst: { type: 'integer', minimum: 1, maximum: 1_000_000, description: 'How many of them may start back to back; the rest are spaced. A tenth of the limit where it is left out, at least 1.' },
        },
      },
    ],
  },
  conditions: {
    description: 'Kinds of failure: statuses, classes of them (`4xx`, `5xx` for HTTP, `4yz`, `5yz` for e-mail), `network`, `timeout`.',
    anyOf: [{ $ref: '#/$defs/condition' }, { type: 'array', maxItems: 100, items: { $ref: '#/$defs/condition' } }],
  },
  condition: { anyOf: [{ enum: ['4xx', '5xx', '4yz', '5yz', 'network', 'timeout'] }, { type: 'integer', minimum: 100, maximum: 599 }, { type: 'string', pattern: '^[1-5][0-9]{2}$' }] },
  jitter: { description: 'Moves each delay at random by up to this share of it, so that jobs that failed together do not all come back together.', anyOf: [{ $ref: '#/$defs/percentage' }, { const: 0 }] },
  retry: {
    description: 'When failed attempts are repeated: a list of delays, growing delays, or `none`.',
    examples: [{ delays: ['1m', '5m', '30m', '2h'], jitter: '10%' }, { type: 'exponential', first: '5s', factor: 2, max: '10m', attempts: 6 }, 'none'],
    anyOf: [
      { enum: ['none', false] },
      {
        type: 'object',
        additionalProperties: false,
        required: ['delays'],
        properties: {
          delays: { type: 'array', maxItems: 100, items: { $ref: '#/$defs/duration' }, description: 'The wait before each repetition: n delays make at most n + 1 attempts.' },
          jitter: { $ref: '#/$defs/jitter' },
          on: { $ref: '#/$defs/conditions', description: 'Only these failures are repeated.' },
          unless: { $ref: '#/$defs/conditions', description: 'These failures are not repeated.' },
        },
      },
      {
        type: 'object',
        additionalProperties: false,
        required: ['type'],
        properties: {
          type: { const: 'exponential', description: 'Each delay is the one before, multiplied.' },
          first: { $ref: '#/$defs/duration', default: '5s', description: 'The first delay.' },
          factor: { type: 'number', minimum: 1, maximum: 10, default: 2, description: 'What each delay is multiplied by.' },
          max: { $ref: '#/$defs/duration', default: '10m', description: 'No delay is longer.' },
          attempts: { type: 'integer', minimum: 1, maximum: 101, default: 5, description: 'Attempts in all, the first one included.' },
          jitter: { $ref: '#/$defs/jitter', default: '10%' },
          on: { $ref: '#/$defs/conditions', description: 'Only these failures are repeated.' },
          unless: { $ref: '#/$defs/conditions', description: 'These failures are not repeated.' },
        },
      },
    ],
  },
  priority: {
    description: '0 to 9, or `low` (2), `normal` (5), `high` (8). Greater goes first.',
    anyOf: [{ enum: ['low', 'normal', 'high'] }, { type: 'integer', minimum: 0, maximum: 9 }],
  },
} as const;
