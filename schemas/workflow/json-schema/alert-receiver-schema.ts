import { alertSeverities } from '../alert.ts';
import { alertFormats } from '../alert-receiver.ts';
import type { JsonObject } from '../json.ts';

/** A URL without user and password, or a text with references to secrets. */
const calledUrl = { type: 'string', anyOf: [{ pattern: '^https?://[^\\s@/?#]+([/?#]\\S*)?$' }, { pattern: '\\$\\{\\{\\s*secrets\\.[A-Za-z_][A-Za-z0-9_]*\\s*\\}\\}' }] } as const;
const address = { type: 'string', pattern: '^[^\\s@<>()\\[\\]\\\\,;:"]+@[^\\s@<>()\\[\\]\\\\,;:"]+$' } as const;
const timeOfDay = { type: 'string', pattern: '^([01]?[0-9]|2[0-3]):[0-5][0-9]$' } as const;

/** `alerts` of `config.yaml`. */
export const alertReceiversSchema = {
  type: 'array',
  description: 'Who is told of alerts, besides the log, the editor and `sluice alerts`. Each is told once when a threshold is crossed, and once when that is over.',
  items: {
    type: 'object',
    additionalProperties: false,
    oneOf: [{ required: ['webhook'], not: { anyOf: [{ required: ['email'] }, { required: ['connection'] }] } }, { required: ['email', 'connection'], not: { anyOf: [{ required: ['webhook'] }, { required: ['format'] }] } }],
    properties: {
      webhook: { ...calledUrl, description: 'The URL that is called by POST, such as that of a chat. It may be a secret.', examples: ['${{ secrets.ALERT_HOOK }}'] },
      format: { enum: alertFormats, description: 'The form of the message: `slack` (also for Mattermost and Rocket.Chat), `teams`, or `json` for programs. If omitted, the host of the URL says; `json` for hosts that are not known.' },
      email: { description: 'One address or a list.', anyOf: [address, { type: 'array', minItems: 1, items: address }], examples: ['ops@example.com'] },
      connection: { type: 'string', minLength: 1, description: 'The SMTP connection of `connections.yaml` over which e-mail is sent. It must say `from`.', examples: ['esp'] },
      from: { enum: alertSeverities, default: 'warning', description: 'Alerts of this severity and above are told.' },
      repeat: { $ref: '#/$defs/duration', description: 'How often an alert that lasts is told again, at least `1m`. If omitted, it is told once.', examples: ['1h'] },
      'quiet-hours': {
        type: 'object',
        additionalProperties: false,
        required: ['from', 'to'],
        description: 'A time of each day at which nothing is told. What still lasts at its end is told then.',
        properties: {
          from: { ...timeOfDay, description: 'Its begin.', examples: ['22:00'] },
          to: { ...timeOfDay, description: 'Its end; on the next day, if that is earlier.', examples: ['07:00'] },
          timezone: { type: 'string', default: 'UTC', description: 'An IANA name.', examples: ['Europe/Berlin'] },
        },
      },
    },
  },
} as const;

/** `heartbeat` of `config.yaml`. */
export const heartbeatSchema: JsonObject = {
  ...calledUrl,
  description: 'A URL that is called by GET each minute while the daemon works: its store can be written, webhooks can be received if a workflow has one, and alerts are delivered. A monitor there tells people when the calls stop. It may be a secret.',
  examples: ['${{ secrets.HEARTBEAT_URL }}'],
};
