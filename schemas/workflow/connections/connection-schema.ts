import type { JsonObject } from '../json.ts';
import { httpAuthSchema } from './http-auth.ts';

const type = (kind: string, description: string): object => ({ const: kind, description });

/** Of any connection. */
const limits = {
  rate: { $ref: '#/$defs/rates', description: 'The largest number of attempts that start in any window of that length, over all queues whose steps use the connection; of a list, all hold together. If omitted, only the queues limit them.' },
  concurrency: { type: 'integer', minimum: 1, maximum: 10_000, description: 'Attempts at the same time, over all queues whose steps use the connection. If omitted, only the queues limit them.' },
} as const;

const timeout = { $ref: '#/$defs/duration', description: "How long one attempt may take. A step's `timeout` wins over it, and it wins over that of the queue." } as const;

/** An SMTP server: an entry of `connections`. */
export const smtpConnectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'host'],
  dependentRequired: { password: ['user'] },
  description: 'An SMTP server, for `email/send`.',
  properties: {
    type: type('smtp', 'An SMTP server.'),
    host: { type: 'string', pattern: '^[^\\s/@]+$', description: 'The host name or address.', examples: ['smtp.example.com'] },
    port: { type: 'integer', minimum: 1, maximum: 65_535, description: 'The port. Default: 465 with `tls: tls`, 587 with `starttls`, 25 with `none`.' },
    tls: { enum: ['tls', 'starttls', 'none'], default: 'starttls', description: '`tls`: encrypted from the first byte (default for port 465); `starttls`: encrypted after a greeting, or nothing is sent; `none`: plain text.' },
    user: { type: 'string', minLength: 1, description: 'The name to log in with.' },
    password: { type: 'string', minLength: 1, description: 'A reference to a secret.', examples: ['${{ secrets.ESP_PASSWORD }}'], 'x-secret': true },
    from: { type: 'string', minLength: 1, description: 'The sender of e-mails that have no `from`.', examples: ['News <news@example.com>'] },
    ca: {
      type: 'string',
      minLength: 1,
      pattern: '^(?![/\\\\]|[A-Za-z]:)',
      description: "A PEM file with further certificate authorities to trust, relative to the project's folder: for a server with a private certificate. Read at each new connection.",
      examples: ['certs/internal-ca.pem'],
    },
    'max-messages': {
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'The largest number of messages over one connection; then a new one is opened. For servers that allow fewer than 100. If a server closes the connection itself (421), Sluice reconnects.',
    },
    pool: { type: 'integer', minimum: 1, maximum: 100, default: 5, description: 'The largest number of open connections.' },
    ...limits,
  },
} as const;

/** An HTTP API: an entry of `connections`. */
export const httpConnectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'url'],
  description: 'An HTTP API, for `http/request`.',
  properties: {
    type: type('http', 'An HTTP API.'),
    url: {
      type: 'string',
      pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$',
      description: 'The URL below which steps call: `url: /contacts` of a step is added to its path. Headers and credentials of the connection go to its origin only (scheme, host and port).',
      examples: ['https://api.crm.example/v3'],
    },
    headers: {
      type: 'object',
      description: 'Headers of each call. A header of the same name in a step wins.',
      propertyNames: { pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" },
      additionalProperties: { type: ['string', 'number'] },
      examples: [{ accept: 'application/json' }],
      'x-secret': true,
    },
    timeout,
    auth: httpAuthSchema,
    ...limits,
  },
} as const;

/** A Postgres database: an entry of `connections`. */
export const postgresConnectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'url'],
  description: 'A Postgres database, for `sql/query`.',
  properties: {
    type: type('postgres', 'A Postgres database.'),
    url: {
      type: 'string',
      minLength: 1,
      description:
        'Where the database is, and who logs in: `postgres://user:password@db.example.com:5432/app`, best as one secret. `sslmode=verify-full` encrypts and checks the certificate, `sslmode=no-verify` encrypts only; without `sslmode` and `ca` nothing is encrypted. Nothing is taken from `PGHOST`, `PGPASSWORD` and their like.',
      examples: ['${{ secrets.DB_URL }}'],
      'x-secret': true,
    },
    ca: {
      type: 'string',
      minLength: 1,
      pattern: '^(?![/\\\\]|[A-Za-z]:)',
      description: "A PEM file with further certificate authorities to trust, relative to the project's folder. With it, the connection is encrypted. A file that has changed is used from the next job on.",
      examples: ['certs/internal-ca.pem'],
    },
    pool: { type: 'integer', minimum: 1, maximum: 100, default: 5, description: 'The largest number of open connections. One that has had nothing to do for 30 s is closed.' },
    timeout,
    ...limits,
  },
} as const;

/** A SQLite database: an entry of `connections`. */
export const sqliteConnectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'file'],
  description: 'A SQLite database in a file of the project, for `sql/query`.',
  properties: {
    type: type('sqlite', 'A SQLite database.'),
    file: {
      type: 'string',
      minLength: 1,
      pattern: '^(?![/\\\\]|[A-Za-z]:)',
      description: "The file, relative to the project's folder. It has to be there: none is made. What leaves the folder, also by a symbolic link, and the daemon's own state are refused.",
      examples: ['data/people.db'],
    },
    timeout,
    ...limits,
  },
} as const;

/** `.sluice/connections.yaml`; `definitions` are those that policies use. */
export function connectionsSchemaWith({ duration, rate, rates }: Readonly<Record<'duration' | 'rate' | 'rates', object>>): JsonObject {
  return {
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
        additionalProperties: { anyOf: [{ $ref: '#/$defs/http' }, { $ref: '#/$defs/smtp' }, { $ref: '#/$defs/postgres' }, { $ref: '#/$defs/sqlite' }] },
      },
    },
    $defs: { smtp: smtpConnectionSchema, http: httpConnectionSchema, postgres: postgresConnectionSchema, sqlite: sqliteConnectionSchema, duration, rate, rates },
  } as unknown as JsonObject;
}
