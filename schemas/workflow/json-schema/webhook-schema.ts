import { signatureAlgorithms, signatureEncodings, verifySchemes } from '../triggers/webhook-verify.ts';

const secretPattern = '^\\$\\{\\{\\s*secrets\\.[A-Za-z_][A-Za-z0-9_]*\\s*\\}\\}$';
const secret = { type: 'string', pattern: secretPattern } as const;
const header = { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" } as const;

/** `on.webhook` of a workflow. */
export const webhookSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['path', 'verify'],
  description: 'An incoming HTTP request that starts a run. `webhooks` in `config.yaml` says where the daemon listens.',
  properties: {
    path: { type: 'string', pattern: '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$', description: 'The end of the URL: `POST /hooks/PATH`.', examples: ['newsletter'] },
    verify: {
      description: 'How the daemon verifies who sent the request.',
      anyOf: [
        { const: 'none' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['scheme'],
          properties: {
            scheme: { enum: verifySchemes, description: 'The scheme: that of a known sender, `hmac` with the keys below, `bearer` (the header `authorization`), `query-secret` (a parameter of the URL), or `none`.' },
            secret: { description: 'The shared secret. A list of secrets allows rotation.', anyOf: [secret, { type: 'array', minItems: 1, items: secret }], examples: ['${{ secrets.CRM_HOOK }}'] },
            header: { ...header, description: '`hmac`: the header with the signature.', examples: ['x-signature'] },
            algorithm: { enum: signatureAlgorithms, default: 'sha256', description: '`hmac`: the hash.' },
            encoding: { enum: signatureEncodings, default: 'hex', description: '`hmac`: the encoding of the signature.' },
            prefix: { type: 'string', minLength: 1, description: '`hmac`: the text before the signature in its header.', examples: ['sha256='] },
            signed: { type: 'string', minLength: 1, default: '{body}', description: '`hmac`: what is signed, with `{body}`, `{timestamp}`, `{id}`, `{method}` and `{url}`.', examples: ['{timestamp}.{body}'] },
            'timestamp-header': { ...header, description: '`hmac`: the header with the time of sending, in seconds or milliseconds since 1970.', examples: ['x-timestamp'] },
            'id-header': { ...header, description: "`hmac`: the header with the event's id, if it is signed.", examples: ['x-event-id'] },
            tolerance: { $ref: '#/$defs/duration', default: '5m', description: 'How far the time of sending may differ from now.' },
            parameter: { type: 'string', minLength: 1, default: 'secret', description: '`query-secret`: the parameter of the URL.' },
          },
        },
      ],
    },
    dedupe: { type: 'string', description: "The key of an event: a second event with the same key starts no run. If omitted, the event id of the scheme, if it has one.", examples: ['${{ trigger.body.id }}'] },
    if: { type: ['string', 'boolean'], description: 'Which events start a run. Others are answered and kept, but start no run.', examples: ["${{ trigger.body.action == 'closed' }}"] },
    inputs: { type: 'object', description: 'The inputs of the run. If omitted, the fields of the body with the names of inputs.', examples: [{ deal: '${{ trigger.body.deal }}' }] },
  },
} as const;

const listenPattern = '^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9.-]+):[0-9]{1,5}$';

/** `webhooks` of `config.yaml`. */
export const webhookSettingsSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Where incoming webhooks are received. Nothing listens unless a workflow has a webhook.',
  properties: {
    listen: { type: 'string', pattern: listenPattern, description: 'Address and port. If omitted, nothing listens.', examples: ['127.0.0.1:4681'] },
    'public-url': { type: 'string', pattern: '^https?://', description: 'The URL that senders call, such as that of a tunnel. It is shown to people, and is part of what some senders sign.', examples: ['https://hooks.example.com'] },
    keep: { $ref: '#/$defs/duration', default: '30d', description: 'How long deliveries are kept.' },
    'keep-count': { type: 'integer', minimum: 10, maximum: 1_000_000, default: 10_000, description: 'The largest number of deliveries that are kept for a workflow.' },
  },
} as const;

/** `metrics` of `config.yaml`. */
export const metricsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['listen'],
  description: "Where Prometheus reads the daemon's figures. If omitted, only at the daemon's own port, which is another one after each start.",
  properties: {
    listen: { type: 'string', pattern: listenPattern, description: 'Address and port of `GET /metrics`. Whoever reaches it reads the names of the queues and their figures, without a token.', examples: ['127.0.0.1:9464'] },
  },
} as const;
