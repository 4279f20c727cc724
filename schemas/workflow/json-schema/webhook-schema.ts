import { signatureAlgorithms, signatureEncodings, verifySchemes } from '../triggers/webhook-verify.ts';

const secretPattern = '^\\$\\{\\{\\s*secrets\\.[A-Za-z_][A-Za-z0-9_]*\\s*\\}\\}$';
const secret = { type: 'string', pattern: secretPattern } as const;
const header = { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" } as const;

/** `on.webhook` of a workflow. */
export const webhookSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['path', 'verify'],
  description: 'An incoming call that starts a run. The daemon listens for it where `webhooks` of `config.yaml` says.',
  properties: {
    path: { type: 'string', pattern: '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$', description: 'The end of the URL: `POST /hooks/PATH`.', examples: ['newsletter'] },
    verify: {
      description: 'How a call proves where it comes from.',
      anyOf: [
        { const: 'none' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['scheme'],
          properties: {
            scheme: { enum: verifySchemes, description: 'The kind of proof: that of a sender, `hmac` put together from the keys below, `bearer` (the header `authorization`), `query-secret` (a parameter of the URL), or `none`.' },
            secret: { description: 'The secret that both sides know; a list while the sender changes from one to another.', anyOf: [secret, { type: 'array', minItems: 1, items: secret }], examples: ['${{ secrets.CRM_HOOK }}'] },
            header: { ...header, description: '`hmac`: the header with the signature.', examples: ['x-signature'] },
            algorithm: { enum: signatureAlgorithms, default: 'sha256', description: '`hmac`: the hash.' },
            encoding: { enum: signatureEncodings, default: 'hex', description: '`hmac`: how the signature is written.' },
            prefix: { type: 'string', minLength: 1, description: '`hmac`: what precedes the signature in its header.', examples: ['sha256='] },
            signed: { type: 'string', minLength: 1, default: '{body}', description: '`hmac`: what is signed, with `{body}`, `{timestamp}`, `{id}`, `{method}` and `{url}`.', examples: ['{timestamp}.{body}'] },
            'timestamp-header': { ...header, description: '`hmac`: the header with the time of sending, in seconds or milliseconds since 1970.', examples: ['x-timestamp'] },
            'id-header': { ...header, description: "`hmac`: the header with the event's id, where it is signed.", examples: ['x-event-id'] },
            tolerance: { $ref: '#/$defs/duration', default: '5m', description: 'How far the time of sending may be from now.' },
            parameter: { type: 'string', minLength: 1, default: 'secret', description: '`query-secret`: the parameter of the URL.' },
          },
        },
      ],
    },
    dedupe: { type: 'string', description: "What tells an event from others: a second event with this key starts nothing. If omitted, the sender's own id of the event, where its scheme has one.", examples: ['${{ trigger.body.id }}'] },
    if: { type: ['string', 'boolean'], description: 'Which events start a run. Others are answered and kept, and start nothing.', examples: ["${{ trigger.body.action == 'closed' }}"] },
    inputs: { type: 'object', description: 'The inputs of the run. If omitted: the fields of the body that have the names of inputs.', examples: [{ deal: '${{ trigger.body.deal }}' }] },
  },
} as const;

/** `webhooks` of `config.yaml`. */
export const webhookSettingsSchema = {
  type: 'object',
  additionalProperties: false,
  description: 'Where incoming webhooks are received. Nothing listens unless a workflow has a webhook.',
  properties: {
    listen: { type: 'string', pattern: '^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9.-]+):[0-9]{1,5}$', description: 'Address and port. Nothing listens if it is left out.', examples: ['127.0.0.1:4681'] },
    'public-url': { type: 'string', pattern: '^https?://', description: 'What senders call, such as the address of a tunnel. Shown to people, and part of what some senders sign.', examples: ['https://hooks.example.com'] },
    keep: { $ref: '#/$defs/duration', default: '30d', description: 'How long deliveries are kept.' },
    'keep-count': { type: 'integer', minimum: 10, maximum: 1_000_000, default: 10_000, description: 'How many deliveries of a workflow are kept at most.' },
  },
} as const;
