import type { JsonObject } from '../json.ts';
import { policyDefinitions } from './policy-schema.ts';

/** `.sluice/config.yaml`. */
export const configSchema: JsonObject = {
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
    'webhook-listener': { description: 'Not supported yet: without effect. The address for incoming webhooks.' },
  },
  $defs: { duration: policyDefinitions.duration as unknown as JsonObject },
};
