import { alertReceiversSchema, heartbeatSchema } from './alert-receiver-schema.ts';
import { connectionsSchemaWith } from '../connections/connection-schema.ts';
import type { JsonObject } from '../json.ts';
import { policyDefinitions } from './queue-schema.ts';
import { metricsSchema, webhookSettingsSchema } from './webhook-schema.ts';
import { queuesSchema, workflowSchema } from './workflow-schema.ts';

const storeUrl = {
  type: 'string',
  anyOf: [{ pattern: '^\\$\\{\\{\\s*secrets\\.[A-Za-z_][A-Za-z0-9_]*\\s*\\}\\}$' }, { pattern: '^postgres(ql)?://([^/?#@:\\s]*@)?[^/?#@\\s]*/[^?#\\s]+(\\?[^#\\s]*)?$' }],
} as const;

const storeSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Where jobs are kept. If omitted, in `.sluice/state/store.db` on this machine, unless the variable `SLUICE_STORE` says otherwise.',
  properties: {
    postgres: { ...storeUrl, description: 'A Postgres database that the daemons of several machines share. A secret that holds the whole URL, or a URL without a password.', examples: ['${{ secrets.STORE_URL }}'] },
    listen: { ...storeUrl, description: 'If `postgres` leads to a transaction pooler: the URL of the server itself, by which daemons hear of each other sooner.', examples: ['${{ secrets.STORE_DIRECT_URL }}'] },
    schema: { type: 'string', pattern: '^(?!pg_)[a-z_][a-z0-9_]{0,62}$', default: 'sluice', description: 'The schema of the database in which this project has its tables. Each project needs one of its own.', examples: ['shop'] },
  },
} as const;

/** `.sluice/config.yaml`. */
const configSchema: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Sluice configuration',
  description: "The daemon's own settings.",
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    durability: { enum: ['full', 'normal'], default: 'full', description: '`full`: everything that was accepted survives a power cut. `normal`: it survives the end of the process, and more jobs are accepted per second.' },
    retention: {
      type: 'object',
      additionalProperties: false,
      description: 'How long data is kept.',
      properties: { runs: { $ref: '#/$defs/duration', default: '30d', description: 'Runs that have ended, with their jobs.' } },
    },
    grace: { $ref: '#/$defs/duration', default: '20s', description: 'How long a stop waits for active attempts.' },
    env: { type: 'array', items: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }, default: [], description: 'Environment variables that expressions may read as `env.NAME`. Not for secrets: their values are stored and shown.', examples: [['REGION']] },
    'allowed-addresses': {
      type: 'array',
      items: { type: 'string', pattern: '^[A-Za-z0-9*.:\\[\\]_-]+(/[0-9]{1,3})?$' },
      description: 'Where calls may go: host names, addresses or address blocks. If omitted: anywhere except the daemon itself and link-local addresses.',
      examples: [['api.example.com', '10.0.0.0/8']],
    },
    store: storeSchema,
    webhooks: webhookSettingsSchema as unknown as JsonObject,
    metrics: metricsSchema as unknown as JsonObject,
    alerts: alertReceiversSchema as unknown as JsonObject,
    heartbeat: heartbeatSchema,
  },
  $defs: { duration: policyDefinitions.duration as unknown as JsonObject },
};

/** The schemas in `schemas/published/`, by the first word of their file's name. `npm run generate` writes them. */
export const publishedSchemas: Readonly<Record<'workflow' | 'queues' | 'connections' | 'config', JsonObject>> = {
  workflow: workflowSchema,
  queues: queuesSchema,
  connections: connectionsSchemaWith(policyDefinitions),
  config: configSchema,
};
