import type { Json } from '../json.ts';
import type { ActionDefinition } from './action-definition.ts';

const ownHeaders = ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'content-type'];

/**
 * `webhook/send`: one event to one receiver, by the Standard Webhooks specification
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 *
 * Secrets may be in `url` (chat services put theirs in the path), `secret` and `headers`. Not in `body`: it is data
 * for the receiver, which is kept in the attempt's record; whoever must send a credential in a body uses
 * `http/request`.
 */
export const webhookSend: ActionDefinition = {
  name: 'webhook/send',
  ownHeaders,
  summary: 'Sends an event to a webhook, signed by the Standard Webhooks specification.',
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['url', 'body'],
    properties: {
      url: {
        type: 'string',
        minLength: 1,
        maxLength: 16_384,
        description:
          'Where the event is posted: an absolute `http:` or `https:` URL. Redirects are not followed, as the ' +
          'specification asks.',
        examples: ['https://erp.example.com/hooks/deals'],
        'x-secret': true,
      },
      body: {
        description:
          'The event, sent as JSON. With `type` it is the `data` of the envelope `{ type, timestamp, data }`,' +
          ' otherwise the whole body.',
        examples: [{ id: '${{ trigger.body.id }}', amount: 1200 }],
      },
      type: {
        type: 'string',
        minLength: 1,
        maxLength: 200,
        pattern: '^[A-Za-z0-9_.-]+$',
        description:
          "The event's name, its parts separated by dots. The body then is `{ type, timestamp, data }`, `timestamp` " +
          "being when the job was made (the same in all attempts).",
        examples: ['deal.closed'],
      },
      secret: {
        type: 'string',
        minLength: 1,
        maxLength: 2048,
        description:
          'Signs the event: `whsec_` and 24 to 64 bytes in base64. Several, separated by spaces, make one signature ' +
          'each, so that secrets can be rotated. Without it the event is not signed.',
        examples: ['${{ secrets.DEAL_HOOK }}', '${{ secrets.NEW_HOOK }} ${{ secrets.OLD_HOOK }}'],
        'x-secret': true,
      },
      headers: {
        type: 'object',
        description:
          'Further request headers. `webhook-id`, `webhook-timestamp`, `webhook-signature` and `content-type` are ' +
          'set here and cannot be replaced.',
        propertyNames: {
          pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
          not: { enum: ownHeaders },
        },
        additionalProperties: { type: ['string', 'number'] },
        'x-secret': true,
      },
    },
  },
  output: {
    type: 'object',
    additionalProperties: false,
    required: ['status', 'body'],
    properties: {
      status: { type: 'integer', description: 'The status code, always a 2xx.', examples: [202] },
      body: { description: 'The answer: parsed if it is JSON; `null` if it is empty, larger than 256 KiB or unreadable; otherwise text.' },
    },
  },
};

/** What the input schema admits. */
export interface WebhookSendInput {
  readonly url: string;
  readonly body: Json;
  readonly type?: string;
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
}
