import type { HttpAuthType } from './connection.ts';

const secret = (description: string, example: string): object => ({ type: 'string', minLength: 1, description, examples: [`\${{ secrets.${example} }}`], 'x-secret': true });
const text = (description: string, ...examples: readonly string[]): object => ({ type: 'string', minLength: 1, description, ...(examples.length === 0 ? {} : { examples }) });

/** A token of RFC 9110, 5.6.2. */
const headerName = { type: 'string', pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" } as const;

interface AuthKind {
  readonly summary: string;
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, object>>;
  /** Keywords of its schema beside those. */
  readonly rules?: object;
}

/** The keys of `auth` beside `type`, by its type. */
export const httpAuthKinds: Readonly<Record<HttpAuthType, AuthKind>> = {
  bearer: {
    summary: 'A token in the header `authorization: Bearer`.',
    required: ['token'],
    properties: { token: secret('The token.', 'CRM_TOKEN') },
  },
  basic: {
    summary: 'A user and a password, by HTTP Basic (RFC 7617, in UTF-8).',
    required: ['user', 'password'],
    properties: { user: { ...text('The user.', 'sluice'), 'x-secret': true }, password: secret('The password. It may be empty for APIs that take a key as the user: `""`.', 'CRM_PASSWORD') },
  },
  header: {
    summary: 'A key in a header of its own.',
    required: ['name', 'value'],
    properties: { name: { ...headerName, description: "The header's name.", examples: ['x-api-key'] }, value: secret('Its value. A text may be around the secret.', 'CRM_KEY') },
  },
  query: {
    summary: 'A key in the query of each URL. Prefer a header where the API takes one: proxies and servers log URLs.',
    required: ['name', 'value'],
    properties: { name: text("The parameter's name.", 'api_key'), value: secret('Its value.', 'CRM_KEY') },
  },
  oauth2: {
    summary: 'A token that is fetched, renewed before it expires, and renewed once if the API refuses it.',
    required: ['grant', 'token-url', 'client-id'],
    rules: { if: { properties: { grant: { const: 'refresh-token' } }, required: ['grant'] }, then: { required: ['refresh-token'] }, else: { required: ['client-secret'] } },
    properties: {
      grant: { enum: ['client-credentials', 'refresh-token'], description: '`client-credentials`: with `client-secret`. `refresh-token`: with a token that a person has got once; those that replace it are kept, encrypted, in the store.' },
      'token-url': { type: 'string', pattern: '^https?://[^/?#@\\s]+(/[^#\\s]*)?$', description: 'Where tokens are fetched.', examples: ['https://id.crm.example/token'] },
      'client-id': { ...text("The client's id.", 'sluice'), 'x-secret': true },
      'client-secret': secret('Its secret. Required for `client-credentials`; public clients have none.', 'CRM_CLIENT'),
      'client-auth': { enum: ['header', 'body'], default: 'header', description: 'How the client proves who it is: by HTTP Basic, or by fields of the form.' },
      'refresh-token': secret('Required for `refresh-token`: the first one. Set another one to start again with it.', 'CRM_REFRESH'),
      scope: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'array', minItems: 1, items: { type: 'string', pattern: '^\\S+$' } }], description: 'What the token may be used for: a text, or a list.', examples: ['contacts'] },
      parameters: { type: 'object', additionalProperties: { type: 'string' }, description: 'Further parameters of the token request.', examples: [{ audience: 'https://api.crm.example' }] },
    },
  },
  'google-service-account': {
    summary: 'A token for a service account of Google, which is fetched and renewed.',
    required: ['key', 'scopes'],
    properties: {
      key: secret('The JSON of its key.', 'GOOGLE_KEY'),
      scopes: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^\\S+$' }, description: 'What the token may be used for.', examples: [['https://www.googleapis.com/auth/spreadsheets']] },
    },
  },
  'aws-sigv4': {
    summary: 'Each call is signed (AWS Signature Version 4).',
    required: ['region', 'service', 'key-id', 'secret-key'],
    properties: {
      region: text('The region.', 'eu-central-1'),
      service: text('The service, as AWS abbreviates it.', 's3'),
      'key-id': { ...text('The id of the access key.', '${{ secrets.AWS_KEY_ID }}'), 'x-secret': true },
      'secret-key': secret('The secret access key.', 'AWS_SECRET_KEY'),
      'session-token': secret('For temporary credentials.', 'AWS_SESSION_TOKEN'),
    },
  },
};

export const httpAuthTypes = Object.keys(httpAuthKinds) as readonly HttpAuthType[];

/** `auth` of an HTTP connection. */
export const httpAuthSchema = {
  description: 'How calls prove who makes them.',
  anyOf: Object.entries(httpAuthKinds).map(([type, { summary, required, properties, rules }]) => ({
    type: 'object',
    additionalProperties: false,
    required: ['type', ...required],
    description: summary,
    properties: { type: { const: type, description: summary }, ...properties },
    ...rules,
  })),
};
