import type { JsonObject } from '../json.ts';

/** `.sluice/connections.yaml`. */
export const connectionsSchema: JsonObject = {
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
          port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'Its port. 465 with `tls: tls`, 587 with `starttls`, 25 with `none` where it is left out.' },
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
