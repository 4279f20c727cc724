import type { JsonObject } from '../json.ts';
import { policyDefinitions } from './queue-schema.ts';
import { webhookSettingsSchema } from './webhook-schema.ts';
import { queuesSchema, workflowSchema } from './workflow-schema.ts';

/** `.sluice/config.yaml`. */
const configSchema: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Sluice configuration',
  description: "The daemon's own settings.",
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    durability: { enum: ['full', 'normal'], default: 'full', description: '`full`: what was accepted survives a power cut. `normal`: it survives the end of the process, and much more is accepted per second.' },
    retention: {
      type: 'object',
      additionalProperties: false,
      description: 'How long things are kept.',
      properties: { runs: { $ref: '#/$defs/duration', default: '30d', description: 'Runs that have ended, with their jobs.' } },
    },
    grace: { $ref: '#/$defs/duration', default: '20s', description: 'How long a stop waits for attempts that are active.' },
    env: { type: 'array', items: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }, default: [], description: 'Environment variables that expressions may read as `env.NAME`. No secrets: their values are stored and shown.', examples: [['REGION']] },
    'allowed-addresses': {
      type: 'array',
      items: { type: 'string', pattern: '^[A-Za-z0-9*.:\\[\\]_-]+(/[0-9]{1,3})?$' },
      description: 'Where calls may go: host names, addresses or blocks of them. Where it is left out: anywhere but the daemon itself and link-local addresses.',
      examples: [['api.example.com', '10.0.0.0/8']],
    },
    store: { description: 'Not supported yet: without effect. Where jobs are kept.' },
    webhooks: webhookSettingsSchema as unknown as JsonObject,
  },
  $defs: { duration: policyDefinitions.duration as unknown as JsonObject },
};

/** `.sluice/connections.yaml`. */
const connectionsSchema: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Sluice connections',
  description: 'Servers that actions connect to.',
  type: ['object', 'null'],
  additionalProperties: false,
  required: ['connections'],
  properties: {
    connections: {
      type: ['object', 'null'],
      description: 'The connections by name.',
      propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['type', 'host'],
        dependentRequired: { password: ['user'] },
        description: 'An SMTP server.',
        properties: {
          type: { const: 'smtp', description: 'The kind of server.' },
          host: { type: 'string', pattern: '^[^\\s/@]+$', description: 'Its name or address.', examples: ['smtp.example.com'] },
          port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'Its port. 465 with `tls: tls`, 587 with `starttls`, 25 with `none` if it is left out.' },
          tls: { enum: ['tls', 'starttls', 'none'], default: 'starttls', description: '`tls`: encrypted from the first byte (default for port 465); `starttls`: encrypted after a greeting, or nothing is sent; `none`: plain text.' },
          user: { type: 'string', minLength: 1, description: 'The name to log in with.' },
          password: { type: 'string', minLength: 1, description: 'A reference to a secret.', examples: ['${{ secrets.ESP_PASSWORD }}'], 'x-secret': true },
          from: { type: 'string', minLength: 1, description: 'The sender of e-mails that name none.', examples: ['News <news@example.com>'] },
          ca: {
            type: 'string',
            minLength: 1,
            pattern: '^(?![/\\\\]|[A-Za-z]:)',
            description: "A PEM file with certificates of authorities to trust besides the well-known ones, named relative to the project's folder: for a server with a certificate of one's own. Read at each new connection.",
            examples: ['certs/internal-ca.pem'],
          },
          'max-messages': {
            type: 'integer',
            minimum: 1,
            maximum: 100_000,
            default: 100,
            description: 'Messages that one connection carries at most; then a new one takes its place. For servers that allow fewer than 100. One that says so by itself (421) is met by reconnecting, too.',
          },
          pool: { type: 'integer', minimum: 1, maximum: 100, default: 5, description: 'Connections kept open at most.' },
        },
      },
    },
  },
};

/** The schemas in `schemas/published/`, by the first word of their file's name. `npm run generate` writes them. */
export const publishedSchemas: Readonly<Record<'workflow' | 'queues' | 'connections' | 'config', JsonObject>> = {
  workflow: workflowSchema,
  queues: queuesSchema,
  connections: connectionsSchema,
  config: configSchema,
};
