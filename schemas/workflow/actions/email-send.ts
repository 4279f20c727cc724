import type { JsonObject } from '../json.ts';
import type { ActionDefinition } from './action-definition.ts';

const address = {
  type: 'string',
  minLength: 3,
  maxLength: 1000,
  pattern: '^[^\\r\\n\\u0000]*$',
  description: '`ada@example.com` or `Ada <ada@example.com>`.',
} as const;

const addresses = { anyOf: [address, { type: 'array', minItems: 1, maxItems: 1000, items: address }] } as const;

/**
 * `email/send`. No field bears secrets: what is mailed leaves the project, and the password is in `connections.yaml`.
 */
export const emailSend: ActionDefinition = {
  name: 'email/send',
  summary: 'Sends an e-mail through an SMTP connection.',
  connection: ['smtp'],
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['connection', 'to', 'subject'],
    properties: {
      connection: {
        type: 'string',
        minLength: 1,
        description: 'The name of a connection in `.sluice/connections.yaml`.',
        examples: ['esp'],
      },
      from: {
        ...address,
        description: "The sender. Default: `from` of the connection.",
        examples: ['News <news@example.com>'],
      },
      to: { ...addresses, description: 'One address or a list.', examples: ['Ada <ada@example.com>'] },
      cc: { ...addresses, description: 'Recipients of a copy, visible to all recipients.' },
      bcc: { ...addresses, description: 'Recipients of a copy, not visible to anyone.' },
      'reply-to': { ...addresses, description: 'Where answers go.' },
      subject: { type: 'string', pattern: '^[^\\r\\n\\u0000]*$', maxLength: 2000, description: 'The subject, on one line.' },
      text: { type: 'string', description: 'The body as plain text.' },
      html: {
        type: 'string',
        description: 'The body as HTML. Values put into it by expressions are not escaped; `template` escapes them.',
      },
      template: {
        type: 'string',
        minLength: 1,
        description:
          "A Mustache file, relative to the project's folder: `{{name}}` is replaced by a value of `data`. `.html`" +
          " and `.htm` give the HTML body, with values escaped; any other ending gives the text body. A name that " +
          "`data` lacks is an error.",
        examples: ['templates/welcome.html'],
      },
      data: { type: 'object', description: "The template's values.", examples: [{ name: '${{ item.name }}' }] },
      attachments: {
        type: 'array',
        maxItems: 100,
        description: 'Files sent along: 25 MiB in all.',
        items: {
          type: 'object',
          additionalProperties: false,
          properties: {
            path: {
              type: 'string',
              minLength: 1,
              description: "A file, named relative to the project's folder.",
              examples: ['files/terms.pdf'],
            },
            content: { type: 'string', description: 'The content itself; needs a `filename`.' },
            encoding: { type: 'string', enum: ['utf-8', 'base64'], default: 'utf-8', description: 'How `content` is written. What is not base64 is refused; a `data:` URL is none.' },
            filename: {
              type: 'string',
              minLength: 1,
              maxLength: 255,
              pattern: '^[^\\r\\n\\u0000]*$',
              description: "The name shown to the recipient. Default: the last part of `path`.",
            },
            'content-type': {
              type: 'string',
              pattern: '^[^\\r\\n\\u0000]*$',
              description: "The media type. Default: by the file name's extension. Text in UTF-8 gets `charset=utf-8`.",
              examples: ['application/pdf'],
            },
            cid: {
              type: 'string',
              pattern: '^[^\\s<>]+$',
              description: 'The content id by which HTML refers to it: `<img src="cid:logo">`.',
            },
          },
          oneOf: [{ required: ['path'] }, { required: ['content', 'filename'] }],
        },
      },
      headers: {
        type: 'object',
        description:
          'Further headers, such as `List-Unsubscribe`. Those that have a key of their own (`from`, `to`, `subject`, ' +
          '...) and `message-id` cannot be set here.',
        propertyNames: { pattern: '^[!-9;-~]+$' },
        additionalProperties: { type: 'string', pattern: '^[^\\r\\n\\u0000]*$' },
      },
    },
    anyOf: [{ required: ['text'] }, { required: ['html'] }, { required: ['template'] }],
    dependentRequired: { data: ['template'] },
  },
  output: {
    type: 'object',
    additionalProperties: false,
    required: ['message-id', 'accepted', 'rejected', 'rejections', 'response'],
    properties: {
      'message-id': { type: 'string', description: 'The `Message-ID` header, the same in all attempts.', examples: ['<k3J9@example.com>'] },
      accepted: { type: 'array', items: { type: 'string' }, description: 'Addresses that the server accepted, in all attempts.' },
      rejected: { type: 'array', items: { type: 'string' }, description: 'Addresses that the server rejected while it accepted others.' },
      rejections: {
        type: 'array',
        description: "Why each of them was rejected: the server's replies.",
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['recipient', 'reply'],
          properties: {
            recipient: { type: 'string', description: 'The address.' },
            reply: { type: 'string', description: "The server's reply.", examples: ['550 5.1.1 No such user'] },
          },
        },
      },
      response: { type: 'string', description: "The server's last reply.", examples: ['250 2.0.0 OK queued'] },
    },
  },
};

/** What the input schema admits. */
export interface EmailSendInput {
  readonly connection: string;
  readonly from?: string;
  readonly to: string | readonly string[];
  readonly cc?: string | readonly string[];
  readonly bcc?: string | readonly string[];
  readonly 'reply-to'?: string | readonly string[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  readonly template?: string;
  readonly data?: JsonObject;
  readonly attachments?: readonly EmailAttachment[];
  readonly headers?: Readonly<Record<string, string>>;
}

export interface EmailAttachment {
  readonly path?: string;
  readonly content?: string;
  readonly encoding?: 'utf-8' | 'base64';
  readonly filename?: string;
  readonly 'content-type'?: string;
  readonly cid?: string;
}
