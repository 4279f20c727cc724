import type { ActionDefinition } from '../actions/action-definition.ts';
import type { Json, JsonObject } from '../json.ts';
import { allowExpressions } from './expression-schema.ts';

const notYet = 'Not supported yet: checked, but without effect. ';

const foreachSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['on-item-failure'],
  oneOf: [{ required: ['items'] }, { required: ['file'] }],
  description: 'Makes one job for each item.',
  properties: {
    items: { description: 'The items: a list, or an expression that gives one.', examples: ['${{ inputs.list }}'], anyOf: [{ type: 'array' }, { $ref: '#/$defs/expression' }] },
    file: { type: 'string', description: 'A file of items (`.csv`, `.jsonl`, `.json`), named relative to the project; read as a stream.', examples: ['data/contacts.csv', '${{ inputs.file }}'], pattern: '\\.([cC][sS][vV]|[jJ][sS][oO][nN][lL]?)$|\\$\\{\\{' },
    as: { $ref: '#/$defs/id', default: 'item', description: 'The name of the current item in expressions.' },
    key: { type: ['string', 'number', 'boolean'], description: 'What identifies an item: its `key` in `results`. Items with the key of an earlier one are left out and counted, so it has to be made of the item.', examples: ['${{ item.email }}'] },
    'on-item-failure': { enum: ['continue', 'fail'], description: 'What a dead item does to the step: `continue` with the others and judge at the end, or `fail` immediately.' },
    tolerate: {
      description: 'How many items may die before the step counts as failed: a count or a percentage. None if it is left out.',
      examples: [10, '2%'],
      anyOf: [{ type: 'integer', minimum: 0 }, { $ref: '#/$defs/percentage' }],
    },
  },
} as const;

/** One step: an entry of `steps` or `on-failure`. What `with` takes depends on `uses`. */
export function stepSchema(actions: readonly ActionDefinition[]): JsonObject {
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
      with: { type: 'object', description: "The action's inputs. Values may hold expressions." },
      needs: {
        description: 'Steps that must have ended first, besides those that expressions refer to.',
        examples: [['enrich']],
        anyOf: [{ $ref: '#/$defs/id' }, { type: 'array', items: { $ref: '#/$defs/id' } }],
      },
      if: { type: ['string', 'boolean'], description: 'An expression, with or without its braces: the step is skipped where it is false. Default: no step that it needs has failed.', examples: ['${{ !inputs.dry }}', 'failure()'] },
      queue: { type: 'string', default: 'default', description: 'The queue in which its jobs wait.' },
      foreach: foreachSchema as unknown as JsonObject,
      retry: { $ref: '#/$defs/retry', description: "Wins over the queue's `retry`." },
      timeout: { $ref: '#/$defs/duration', description: "How long one attempt may take. Wins over the queue's `timeout`." },
      priority: { $ref: '#/$defs/priority', description: "Greater goes first. Wins over the queue's `priority`." },
      lane: { type: ['string', 'number'], description: `${notYet}The lane of its queue in which a job waits; lanes are served in turn.`, examples: ['${{ item.tenant }}'] },
      cache: {
        type: 'object',
        additionalProperties: false,
        required: ['key', 'for'],
        description: `${notYet}Takes an earlier output instead of calling again.`,
        properties: {
          key: { type: ['string', 'number'], description: 'What tells calls apart.' },
          for: { $ref: '#/$defs/duration', description: 'How long an output is good.' },
        },
      },
    },
    allOf: branches,
  };
}
