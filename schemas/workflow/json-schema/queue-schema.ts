import { queueDefaults } from '../model.ts';
import { expressionText } from './expression-schema.ts';

const notYet = 'Not supported yet: checked, but it has no effect. ';

const count = { type: 'integer', minimum: 0 } as const;
const duration = { $ref: '#/$defs/duration' } as const;
const percentage = { $ref: '#/$defs/percentage' } as const;

function thresholds(value: object, description: string, more: object = {}): object {
  return {
    type: 'object',
    additionalProperties: false,
    anyOf: [{ required: ['warning'] }, { required: ['error'] }],
    description,
    properties: { warning: { ...value, description: 'The threshold of a warning.' }, error: { ...value, description: 'The threshold of an error.' }, ...more },
  };
}

/** One queue: an entry of `queues`. */
export const queueSchema = {
  type: ['object', 'null'],
  additionalProperties: false,
  description: 'How fast jobs start, how many at once, and what happens when they fail.',
  properties: {
    rate: { $ref: '#/$defs/rates', description: 'The largest number of attempts that start in any window of that length; of a list, all hold together. If omitted, only `concurrency` limits the queue.' },
    concurrency: { type: 'integer', minimum: 1, maximum: 10_000, default: queueDefaults.concurrency, description: 'Attempts at the same time.' },
    timeout: { $ref: '#/$defs/duration', default: '30s', description: 'How long one attempt may take.' },
    retry: { $ref: '#/$defs/retry', default: { type: 'exponential', first: '5s', factor: 2, max: '10m', attempts: 5, jitter: '10%' }, description: 'When failed attempts are repeated.' },
    priority: { $ref: '#/$defs/priority', default: 'normal', description: 'The priority of jobs whose step has none. Greater goes first.' },
    'max-depth': { type: 'integer', minimum: 1, maximum: 100_000_000, description: 'Jobs that may wait. A run whose first job finds the queue full is refused; a fan-out continues when there is room; later steps of a run are never held back. If omitted, there is no limit.' },
    'dead-letters': {
      type: 'object',
      additionalProperties: false,
      description: 'What happens to jobs whose attempts are used up.',
      properties: { keep: { $ref: '#/$defs/duration', description: 'How long they are kept. If omitted, until they are replayed or discarded.' } },
    },
    lanes: {
      type: 'object',
      additionalProperties: false,
      description: `${notYet}Limits of each lane, for example of the jobs of one tenant.`,
      properties: { rate: { $ref: '#/$defs/rates' }, concurrency: { type: 'integer', minimum: 1, maximum: 10_000, description: 'Attempts at the same time in one lane.' } },
    },
    breaker: {
      type: 'object',
      additionalProperties: false,
      required: ['failures', 'within', 'pause'],
      description: `${notYet}Stops the queue for a while after many failures.`,
      properties: {
        failures: { type: 'integer', minimum: 1, maximum: 1_000_000, description: 'This many failures ...' },
        within: { ...duration, description: '... within this time ...' },
        pause: { ...duration, description: '... stop the queue for this long.' },
      },
    },
    alerts: {
      type: 'object',
      additionalProperties: false,
      description: 'Thresholds of warnings and errors. An alert ends when the value has been a fifth below its threshold for half a minute.',
      properties: {
        depth: thresholds(count, 'The number of waiting jobs: pending and delayed.'),
        oldest: thresholds(duration, 'How long the oldest pending job has been due.'),
        'failure-rate': thresholds(percentage, 'The share of attempts that fail, of at least five.', {
          over: { ...duration, default: '5m', description: 'The period that is counted, at most `1h`.' },
        }),
        'dead-letters': thresholds(count, 'The number of dead letters.'),
        filling: thresholds(duration, 'For how long more jobs have arrived than were completed.'),
        stuck: thresholds(duration, 'For how long jobs have been due and none has started, although no limit is in the way: a secret is missing, say.'),
      },
    },
  },
} as const;

/** The values that appear in several places, each under its name in `$defs`. */
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
    description: 'The largest number of starts in any window of that length: `100/min` (per s, min, h or d), or with a window and a burst of your own.',
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
          burst: { type: 'integer', minimum: 1, maximum: 1_000_000, description: 'How many attempts may start back to back; the rest are spaced evenly. Default: a tenth of the limit, at least 1.' },
        },
      },
    ],
  },
  rates: {
    description: 'A rate, or a list of rates that hold together.',
    examples: ['100/min', ['20/s', '50000/d']],
    anyOf: [{ $ref: '#/$defs/rate' }, { type: 'array', minItems: 1, maxItems: 4, items: { $ref: '#/$defs/rate' } }],
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
