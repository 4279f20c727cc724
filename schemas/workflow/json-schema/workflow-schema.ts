import { csvTypes, delimiterPattern, textEncodings } from '../csv-format.ts';
import { actionDefinitions } from '../actions/action-definitions.ts';
import type { JsonObject, Json } from '../json.ts';
import { policyDefinitions, queueSchema } from './queue-schema.ts';
import { webhookSchema } from './webhook-schema.ts';
import type { ActionDefinition } from '../actions/action-definition.ts';
import { mostPages } from '../analysis/paginate-analysis.ts';
import { allowExpressions } from './expression-schema.ts';

const notYet = 'Not supported yet: checked, but it has no effect. ';

const foreachSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['on-item-failure'],
  oneOf: [{ required: ['items'] }, { required: ['file'] }],
  description: 'Makes one job for each item.',
  properties: {
    items: { description: 'The items: a list, or an expression that gives one.', examples: ['${{ inputs.list }}'], anyOf: [{ type: 'array' }, { $ref: '#/$defs/expression' }] },
    file: { type: 'string', description: "A file of items (`.csv`, `.jsonl`, `.json`), relative to the project's folder; read as a stream.", examples: ['data/contacts.csv', '${{ inputs.file }}'], pattern: '\\.([cC][sS][vV]|[jJ][sS][oO][nN][lL]?)$|\\$\\{\\{' },
    csv: {
      type: 'object',
      additionalProperties: false,
      description: "How a `.csv` is read. What is left out is found in the file, and the run and `--dry-run` tell it.",
      properties: {
        delimiter: { type: 'string', pattern: delimiterPattern, description: 'What separates the fields: `tab`, or one character. Default: `,`, `;`, tab or `|`, whichever the heading and all rows agree on; a first line `sep=;` says it as well.', examples: [';', 'tab'] },
        encoding: { enum: textEncodings, description: "The file's encoding, if it has no byte order mark. Default: `utf-8`. A file in another encoding is an error.", examples: ['windows-1252'] },
        types: { type: 'object', additionalProperties: { enum: csvTypes }, description: 'The types of columns that are not text, by their headings. An empty cell is `null` then; one that is not of the type is an error, and so is a number beyond 2^53.', examples: [{ amount: 'number', active: 'boolean' }] },
      },
    },
    as: { $ref: '#/$defs/id', default: 'item', description: 'The name of the current item in expressions.' },
    where: { type: 'string', description: 'Which items become jobs: an expression, with or without braces, that looks at each item by itself. It comes before `batch`. Default: all of them.', examples: ["${{ item.country == 'DE' }}"] },
    batch: { type: 'integer', minimum: 1, maximum: 1000, description: 'Puts up to so many items into one job, which sees a list of them. The last batch has what is left. Default: each item is a job of its own.', examples: [100] },
    key: { type: ['string', 'number', 'boolean'], description: 'Identifies an item: its `key` in `results`. Items with the key of an earlier one are left out and counted as duplicates. The key of a batch is made of those of its items, which are compared with each other.', examples: ['${{ item.email }}'] },
    'on-item-failure': { enum: ['continue', 'fail'], description: 'What happens when an item becomes a dead letter: `continue` with the others and decide at the end, or `fail` immediately.' },
    tolerate: {
      description: 'How many items may become dead letters before the step fails: a number or a percentage. Default: 0.',
      examples: [10, '2%'],
      anyOf: [{ type: 'integer', minimum: 0 }, { $ref: '#/$defs/percentage' }],
    },
  },
} as const;

const paginateSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['items'],
  oneOf: [{ required: ['next'] }, { required: ['query'] }],
  description: 'Reads an answer page by page: each page is a job. Only for `http/request`, and not with `foreach`.',
  properties: {
    items: { type: 'string', description: 'Where the items of a page are: an expression that gives a list. It sees `page`, with `status`, `headers`, `body`, `links` and `number`.', examples: ['${{ page.body.results }}'] },
    next: { type: 'string', description: 'The URL of the next page, absolute or relative to that of this page. The last page is one where it is null, missing or empty.', examples: ['${{ page.links.next }}', '${{ page.body.paging.next.link }}'] },
    query: { type: 'object', minProperties: 1, description: "What the query of the next page has, in addition to `query` of `with`. The last page is one where all of it is null, missing or empty.", examples: [{ after: '${{ page.body.paging.next.after }}' }], additionalProperties: { anyOf: [{ type: ['string', 'number', 'boolean', 'null'] }, { type: 'array', items: { type: ['string', 'number', 'boolean', 'null'] } }] } },
    'max-pages': { type: 'integer', minimum: 1, maximum: mostPages, description: 'The most pages that are read. If there are more, the step succeeds with those that were read, and a warning says so. Default: 100000, and more fail the step.', examples: [1000] },
  },
} as const;

/** One step: an entry of `steps` or `on-failure`. What `with` takes depends on `uses`. */
function stepSchema(actions: readonly ActionDefinition[]): JsonObject {
  const branches: Json = actions.map(({ name, input }) => ({
    if: { properties: { uses: { const: name } }, required: ['uses'] },
    then: { properties: { with: allowExpressions(input) }, required: ['with'] },
  }));
  return {
    type: 'object',
    additionalProperties: false,
    required: ['uses'],
    description: 'One action, done once or for each item.',
    properties: {
      uses: { description: 'The action.', oneOf: actions.map(({ name, summary }) => ({ const: name, description: summary })) },
      with: { type: 'object', description: "The parameters of the action. Values can contain expressions." },
      needs: {
        description: 'Steps that must end first, in addition to those that expressions refer to.',
        examples: [['enrich']],
        anyOf: [{ $ref: '#/$defs/id' }, { type: 'array', items: { $ref: '#/$defs/id' } }],
      },
      if: { type: ['string', 'boolean'], description: 'An expression, with or without braces: if it is false, the step is skipped. Default: all steps that it needs have succeeded.', examples: ['${{ !inputs.dry }}', 'failure()'] },
      queue: { type: 'string', default: 'default', description: 'The queue in which its jobs wait.' },
      foreach: foreachSchema as unknown as JsonObject,
      paginate: paginateSchema as unknown as JsonObject,
      retry: { $ref: '#/$defs/retry', description: "Wins over the queue's `retry`." },
      timeout: { $ref: '#/$defs/duration', description: "How long one attempt may take. Wins over the queue's `timeout`." },
      priority: { $ref: '#/$defs/priority', description: "Greater goes first. Wins over the queue's `priority`." },
      lane: { type: ['string', 'number'], description: `${notYet}The lane of its queue in which a job waits; lanes are served in turn.`, examples: ['${{ item.tenant }}'] },
      cache: {
        type: 'object',
        additionalProperties: false,
        required: ['key', 'for'],
        description: `${notYet}Uses an earlier output instead of calling again.`,
        properties: {
          key: { type: ['string', 'number'], description: 'The key of a call; calls with the same key share an output.' },
          for: { $ref: '#/$defs/duration', description: 'How long an output can be used.' },
        },
      },
    },
    allOf: branches,
  };
}

const dialect = 'https://json-schema.org/draft/2020-12/schema';
const ids = { $ref: '#/$defs/id' } as const;

const inputSchema = {
  type: 'object',
  description: 'A JSON Schema (2020-12).',
  properties: {
    type: { description: 'The type, or several.', anyOf: [{ $ref: '#/$defs/jsonType' }, { type: 'array', items: { $ref: '#/$defs/jsonType' } }] },
    description: { type: 'string', description: 'What the input is for; shown when the editor asks for it.' },
    default: { description: 'The value if none is given.' },
    enum: { type: 'array', description: 'The allowed values.' },
    format: { type: 'string', description: 'Such as `email`, `uri` or `date`.' },
    items: { type: ['object', 'boolean'], description: 'The schema of each item of a list.' },
    properties: { type: 'object', description: 'The schemas of the properties of a map.' },
    required: { type: 'array', items: { type: 'string' }, description: 'Properties that must be there.' },
  },
} as const;

const triggers = {
  description: 'What starts a run, in addition to starting it by hand.',
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
              missed: { enum: ['skip', 'run-once', 'run-all'], description: 'What happens to missed times, at which the daemon was not running or the machine slept: `skip` (the default; they are shown as missed), `run-once` (the latest one starts a run) or `run-all` (each starts one, at most 100).' },
              within: { $ref: '#/$defs/duration', description: 'How late a missed time may still start a run. Default: 24h.', examples: ['6h'] },
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
  description: 'How many runs of this workflow can run at the same time.',
  examples: [{ key: '${{ inputs.deal.id }}', limit: 1, 'when-full': 'queue' }],
  properties: {
    key: { type: ['string', 'number', 'boolean'], description: 'Runs with the same key count together. If omitted, all runs of the workflow do.', examples: ['${{ inputs.deal.id }}'] },
    limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 1, description: 'How many runs with the same key can run at the same time.' },
    'when-full': { enum: ['queue', 'skip', 'cancel-oldest'], default: 'queue', description: 'What happens to a further run: it waits (`queue`), it is not started (`skip`), or the oldest active run is cancelled for it (`cancel-oldest`).' },
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
    name: { type: 'string', minLength: 1, description: "The displayed name. Default: the file name." },
    description: { type: 'string', minLength: 1, description: 'What the workflow is for.' },
    on: triggers as unknown as JsonObject,
    inputs: { type: ['object', 'null'], propertyNames: ids, additionalProperties: inputSchema as unknown as JsonObject, description: 'The inputs of a run: a JSON Schema (2020-12) for each.', examples: [{ dry: { type: 'boolean', default: false } }] },
    required: { type: 'array', items: { type: 'string' }, description: 'Inputs that must be given.', examples: [['list']] },
    vars: { type: ['object', 'null'], propertyNames: ids, additionalProperties: {}, description: 'Named values, computed once when a run starts: `vars.NAME` in expressions. They can use inputs, the trigger and each other.', examples: [{ host: "${{ inputs.live ? 'api' : 'sandbox' }}.example.com" }] },
    concurrency,
    queues: { type: ['object', 'null'], propertyNames: ids, additionalProperties: { $ref: '#/$defs/queue' }, description: 'Queues of this workflow. Those that several workflows share are in `.sluice/queues.yaml`.' },
    steps: { type: 'object', minProperties: 1, propertyNames: ids, additionalProperties: { $ref: '#/$defs/step' }, description: 'The steps by id. Their order comes from `needs` and from references, not from their position.' },
    'on-failure': { type: ['object', 'null'], propertyNames: ids, additionalProperties: { $ref: '#/$defs/step' }, description: 'Steps that run after the run has failed.' },
    outputs: { type: ['object', 'null'], propertyNames: ids, additionalProperties: {}, description: 'The results of a run that has succeeded, by name: for people, for `sluice run --wait --json`, and for the step that started it.', examples: [{ booked: '${{ steps.book.output.body.id }}' }] },
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
