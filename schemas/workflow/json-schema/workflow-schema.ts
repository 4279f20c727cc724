import { actionDefinitions } from '../actions/action-definitions.ts';
import type { JsonObject } from '../json.ts';
import { policyDefinitions, queueSchema } from './queue-schema.ts';
import { webhookSchema } from './webhook-schema.ts';
import { stepSchema } from './step-schema.ts';

const dialect = 'https://json-schema.org/draft/2020-12/schema';
const ids = { $ref: '#/$defs/id' } as const;

const inputSchema = {
  type: 'object',
  description: 'A JSON Schema (2020-12).',
  properties: {
    type: { description: 'The type, or several.', anyOf: [{ $ref: '#/$defs/jsonType' }, { type: 'array', items: { $ref: '#/$defs/jsonType' } }] },
    description: { type: 'string', description: 'What the input is for; shown where it is asked for.' },
    default: { description: 'The value if none is given.' },
    enum: { type: 'array', description: 'The values that are possible.' },
    format: { type: 'string', description: 'Such as `email`, `uri` or `date`.' },
    items: { type: ['object', 'boolean'], description: 'The schema of each item of a list.' },
    properties: { type: 'object', description: 'The schemas of the properties of a map.' },
    required: { type: 'array', items: { type: 'string' }, description: 'Properties that must be there.' },
  },
} as const;

const triggers = {
  description: 'What starts a run, besides starting it by hand.',
  anyOf: [
    { enum: ['manual', null] },
    {
      type: 'object',
      additionalProperties: false,
      properties: {
        manual: { description: 'A run can always be started by hand.' },
        schedule: {
          type: 'array',
          description: 'Times at which a run starts.',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['cron'],
            properties: {
              cron: { type: 'string', description: 'Minute, hour, day of the month, month, day of the week.', examples: ['0 9 * * MON'] },
              timezone: { type: 'string', description: 'An IANA time zone.', examples: ['Europe/Berlin'] },
              missed: { enum: ['skip', 'run-once', 'run-all'], description: 'What becomes of times at which no run could start, because the daemon was not running or the machine slept: `skip` (the default; they are shown as missed), `run-once` (the latest starts a run) or `run-all` (each starts one, 100 at most).' },
              within: { $ref: '#/$defs/duration', description: 'How late such a time may still start a run; 24h if it is left out.', examples: ['6h'] },
              inputs: { type: 'object', description: 'The inputs of its runs. Expressions see `trigger`, such as `trigger.scheduledAt`.', examples: [{ subject: 'Weekly' }] },
            },
          },
        },
        webhook: webhookSchema as unknown as JsonObject,
      },
    },
  ],
} as const;

const concurrency = {
  type: 'object',
  additionalProperties: false,
  description: 'How many runs of this workflow may be under way at the same time.',
  examples: [{ key: '${{ inputs.deal.id }}', limit: 1, 'when-full': 'queue' }],
  properties: {
    key: { type: ['string', 'number', 'boolean'], description: 'Runs for which it is the same count together; left out, all runs of the workflow do.', examples: ['${{ inputs.deal.id }}'] },
    limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 1, description: 'So many may be under way.' },
    'when-full': { enum: ['queue', 'skip', 'cancel-oldest'], default: 'queue', description: 'What becomes of one more: it waits (`queue`), it is not started (`skip`), or it waits and the oldest that is under way is cancelled (`cancel-oldest`).' },
  },
} as const;

const definitions: JsonObject = {
  ...policyDefinitions,
  queue: queueSchema as unknown as JsonObject,
  jsonType: { enum: ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'] },
};

/** `.sluice/workflows/*.yaml` and `*.sluice.yaml`. */
export const workflowSchema: JsonObject = {
  $schema: dialect,
  title: 'Sluice workflow',
  description: 'Steps that Sluice runs through its queues.',
  type: 'object',
  additionalProperties: false,
  required: ['steps'],
  properties: {
    name: { type: 'string', minLength: 1, description: "Its name for people; the file's name if it is left out." },
    description: { type: 'string', minLength: 1, description: 'What it is for.' },
    on: triggers as unknown as JsonObject,
    inputs: { type: ['object', 'null'], propertyNames: ids, additionalProperties: inputSchema as unknown as JsonObject, description: 'What a run is given: a JSON Schema (2020-12) for each input.', examples: [{ dry: { type: 'boolean', default: false } }] },
    required: { type: 'array', items: { type: 'string' }, description: 'Inputs that must be given.', examples: [['list']] },
    vars: { type: ['object', 'null'], propertyNames: ids, additionalProperties: {}, description: 'Named values, computed once when a run begins: `vars.NAME` in expressions. They can be made of inputs, of the trigger and of each other.', examples: [{ host: "${{ inputs.live ? 'api' : 'sandbox' }}.example.com" }] },
    concurrency,
    queues: { type: ['object', 'null'], propertyNames: ids, additionalProperties: { $ref: '#/$defs/queue' }, description: 'Queues of this workflow. Those that several workflows share are in `.sluice/queues.yaml`.' },
    steps: { type: 'object', minProperties: 1, propertyNames: ids, additionalProperties: { $ref: '#/$defs/step' }, description: 'The steps by id. Their order comes from `needs` and from references, not from their position.' },
    'on-failure': { type: ['object', 'null'], propertyNames: ids, additionalProperties: { $ref: '#/$defs/step' }, description: 'Steps that run after the run has failed.' },
    outputs: { type: ['object', 'null'], propertyNames: ids, additionalProperties: {}, description: 'What a run gives when it has succeeded, by name: for people, for `sluice run --wait --json`, and for the step that started it.', examples: [{ booked: '${{ steps.book.output.body.id }}' }] },
  },
  $defs: { ...definitions, step: stepSchema(actionDefinitions) },
};

/** `.sluice/queues.yaml`. */
export const queuesSchema: JsonObject = {
  $schema: dialect,
  title: 'Sluice queues',
  description: 'Queues that several workflows share.',
  type: ['object', 'null'],
  additionalProperties: false,
  required: ['queues'],
  properties: { queues: { type: ['object', 'null'], propertyNames: ids, additionalProperties: { $ref: '#/$defs/queue' }, description: 'The queues by name.' } },
  $defs: { ...policyDefinitions, queue: queueSchema as unknown as JsonObject },
};
