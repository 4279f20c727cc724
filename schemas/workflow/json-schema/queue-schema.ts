import { queueDefaults } from '../model.ts';

const notYet = 'Not supported yet: checked, but without effect. ';

const count = { type: 'integer', minimum: 0 } as const;
const duration = { $ref: '#/$defs/duration' } as const;
const percentage = { $ref: '#/$defs/percentage' } as const;

function thresholds(value: object, description: string, more: object = {}): object {
  return {
    type: 'object',
    additionalProperties: false,
    anyOf: [{ required: ['warning'] }, { required: ['error'] }],
    description,
    properties: { warning: { ...value, description: 'From here on it is a warning.' }, error: { ...value, description: 'From here on it is an error.' }, ...more },
  };
}

/** One queue: an entry of `queues`. */
export const queueSchema = {
  type: ['object', 'null'],
  additionalProperties: false,
  description: 'How fast jobs start, how many at once, and what happens when they fail.',
  properties: {
    rate: { $ref: '#/$defs/rate', description: 'At most so many attempts start in any window of that length. Without it, only `concurrency` limits.' },
    concurrency: { type: 'integer', minimum: 1, maximum: 10_000, default: queueDefaults.concurrency, description: 'Attempts at the same time.' },
    timeout: { $ref: '#/$defs/duration', default: '30s', description: 'How long one attempt may take.' },
    retry: { $ref: '#/$defs/retry', default: { type: 'exponential', first: '5s', factor: 2, max: '10m', attempts: 5, jitter: '10%' }, description: 'When failed attempts are repeated.' },
    priority: { $ref: '#/$defs/priority', default: 'normal', description: 'Priority of jobs whose step says none. Greater goes first.' },
    'max-depth': { type: 'integer', minimum: 1, maximum: 100_000_000, description: 'Jobs that may wait. A run whose first job finds the queue full is refused; a fan-out goes on when there is room; the later steps of a run are never held back. No limit where it is left out.' },
    'dead-letters': {
      type: 'object',
      additionalProperties: false,
      description: 'What happens to jobs whose attempts are used up.',
      properties: { keep: { $ref: '#/$defs/duration', description: 'How long they are kept. For ever where it is left out.' } },
    },
    lanes: {
      type: 'object',
      additionalProperties: false,
      description: `${notYet}Limits of each lane, the jobs of one tenant, say.`,
      properties: { rate: { $ref: '#/$defs/rate' }, concurrency: { type: 'integer', minimum: 1, maximum: 10_000, description: 'Attempts at the same time in one lane.' } },
    },
    breaker: {
      type: 'object',
      additionalProperties: false,
      required: ['failures', 'within', 'pause'],
      description: `${notYet}Stops the queue for a while after many failures.`,
      properties: {
        failures: { type: 'integer', minimum: 1, maximum: 1_000_000, description: 'So many failures ...' },
        within: { ...duration, description: '... within this time ...' },
        pause: { ...duration, description: '... stop the queue for this long.' },
      },
    },
    alerts: {
      type: 'object',
      additionalProperties: false,
      description: 'Thresholds that raise a warning or an error, from when they are reached until the value is a fifth below for half a minute.',
      properties: {
        depth: thresholds(count, 'Jobs that wait: pending and delayed.'),
        oldest: thresholds(duration, 'How long the pending job that has waited longest has been due.'),
        'failure-rate': thresholds(percentage, 'Share of attempts that fail, of at least five.', {
          over: { ...duration, default: '5m', description: 'The time that is looked at, at most `1h`.' },
        }),
        'dead-letters': thresholds(count, 'Jobs that nobody has replayed or discarded.'),
        filling: thresholds(duration, 'For how long more has kept arriving than was done.'),
      },
    },
  },
} as const;
