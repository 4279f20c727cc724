/**
 * How senders of webhooks prove who they are, as data. `daemon/triggers/signature.ts` carries it out; nothing there knows a sender by name.
 */

export const signatureAlgorithms = ['sha256', 'sha512', 'sha1'] as const;
export const signatureEncodings = ['hex', 'base64'] as const;

/** A piece of what is signed. `url`: the public address that the sender called, as HubSpot reads it. */
export type SignedPart = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'body' | 'timestamp' | 'id' | 'method' | 'url' };

/** A message authentication code (RFC 2104) or an ECDSA signature over the raw body, and where the request has its parts. */
export interface SignatureScheme {
  readonly algorithm: (typeof signatureAlgorithms)[number];
  readonly encoding: (typeof signatureEncodings)[number];
  /** The header with the signature, in lower case. */
  readonly header: string;
  /** Before the signature: `sha256=`. With a `separator`, parts of the header without it are something else. */
  readonly prefix: string;
  /** Between several signatures in the header, which a sender writes while it changes its secret. */
  readonly separator?: ' ' | ',';
  readonly signed: readonly SignedPart[];
  /**
   * Where the time of sending is: in a header of its own, or after a prefix in the header of the signature. It may differ from ours by `toleranceMs`.
   * `unit`: what the sender counts since 1970, seconds if omitted. Both are understood.
   */
  readonly timestamp?: { readonly header: string; readonly prefix?: string; readonly unit?: 'ms'; readonly toleranceMs: number };
  /** The header with the event's id, where it is signed. */
  readonly idHeader?: string;
  /** What the secret's text is: its own bytes; base64 after `whsec_`; or the sender's public key on the curve P-256 (base64 of its DER), which verifies and can't sign. */
  readonly key: 'text' | 'standard-webhooks' | 'public-key';
}

/** What a trigger's `verify` says. `secrets` are names: each may have signed, so that a secret can be changed without losing a delivery. */
export type WebhookVerify =
  | { readonly kind: 'none' }
  | { readonly kind: 'bearer'; readonly secrets: readonly string[] }
  | { readonly kind: 'query-secret'; readonly parameter: string; readonly secrets: readonly string[] }
  | { readonly kind: 'signature'; readonly scheme: SignatureName; readonly signature: SignatureScheme; readonly secrets: readonly string[] };

export const namedSignatures = ['github', 'stripe', 'standard-webhooks', 'slack', 'shopify', 'hubspot', 'sendgrid'] as const;
export type NamedSignature = (typeof namedSignatures)[number];
export type SignatureName = NamedSignature | 'hmac' | 'hmac-sha256';

export const verifySchemes = ['hmac', 'hmac-sha256', ...namedSignatures, 'bearer', 'query-secret', 'none'] as const;
export type VerifyScheme = (typeof verifySchemes)[number];

export const defaultToleranceMs = 5 * 60_000;
/** A signature that holds for longer could be sent again for as long, by anyone who has seen it. */
export const maxToleranceMs = 24 * 3_600_000;

const body = { kind: 'body' } as const;
const timestamp = { kind: 'timestamp' } as const;
const text = (value: string): SignedPart => ({ kind: 'text', text: value });

const sha256 = { algorithm: 'sha256', key: 'text' } as const;

/** As the senders document them; `toleranceMs` is what their own libraries allow. */
export const signatureSchemes: Readonly<Record<NamedSignature, SignatureScheme>> = {
  github: { ...sha256, encoding: 'hex', header: 'x-hub-signature-256', prefix: 'sha256=', signed: [body] },
  stripe: {
    ...sha256,
    encoding: 'hex',
    header: 'stripe-signature',
    prefix: 'v1=',
    separator: ',',
    signed: [timestamp, text('.'), body],
    timestamp: { header: 'stripe-signature', prefix: 't=', toleranceMs: defaultToleranceMs },
  },
  'standard-webhooks': {
    algorithm: 'sha256',
    key: 'standard-webhooks',
    encoding: 'base64',
    header: 'webhook-signature',
    prefix: 'v1,',
    separator: ' ',
    signed: [{ kind: 'id' }, text('.'), timestamp, text('.'), body],
    timestamp: { header: 'webhook-timestamp', toleranceMs: defaultToleranceMs },
    idHeader: 'webhook-id',
  },
  slack: {
    ...sha256,
    encoding: 'hex',
    header: 'x-slack-signature',
    prefix: 'v0=',
    signed: [text('v0:'), timestamp, text(':'), body],
    timestamp: { header: 'x-slack-request-timestamp', toleranceMs: defaultToleranceMs },
  },
  shopify: { ...sha256, encoding: 'base64', header: 'x-shopify-hmac-sha256', prefix: '', signed: [body] },
  hubspot: {
    ...sha256,
    encoding: 'base64',
    header: 'x-hubspot-signature-v3',
    prefix: '',
    signed: [{ kind: 'method' }, { kind: 'url' }, body, timestamp],
    timestamp: { header: 'x-hubspot-request-timestamp', unit: 'ms', toleranceMs: defaultToleranceMs },
  },
  sendgrid: {
    algorithm: 'sha256',
    key: 'public-key',
    encoding: 'base64',
    header: 'x-twilio-email-event-webhook-signature',
    prefix: '',
    signed: [timestamp, body],
    // It repeats events for a day and doesn't say whether it signs them again. What has come before is known for longer than that.
    timestamp: { header: 'x-twilio-email-event-webhook-timestamp', toleranceMs: maxToleranceMs },
  },
};

/** Where a scheme's own id of an event is: a header, or a path in the body. The first that a delivery has counts. */
export type EventIdSource = { readonly header: string } | { readonly body: readonly string[] };

/** What tells a repeated delivery without `dedupe`. The batches of HubSpot and SendGrid and plain signatures have no id of their own. */
export const eventIds: Readonly<Partial<Record<VerifyScheme, readonly EventIdSource[]>>> = {
  github: [{ header: 'x-github-delivery' }],
  stripe: [{ body: ['id'] }],
  'standard-webhooks': [{ header: 'webhook-id' }],
  slack: [{ body: ['event_id'] }, { body: ['trigger_id'] }],
  shopify: [{ header: 'x-shopify-webhook-id' }],
};

export function schemeOf(verify: WebhookVerify): VerifyScheme {
  return verify.kind === 'signature' ? verify.scheme : verify.kind;
}

const placeholder = /\{(body|timestamp|id|method|url)\}/g;

/** Reads what `signed` says: text with `{body}`, `{timestamp}`, `{id}`, `{method}` and `{url}`. */
export function parseSigned(pattern: string): readonly SignedPart[] {
  const parts: SignedPart[] = [];
  let end = 0;
  for (const found of pattern.matchAll(placeholder)) {
    if (found.index > end) parts.push(text(pattern.slice(end, found.index)));
    parts.push({ kind: found[1] as 'body' });
    end = found.index + found[0].length;
  }
  if (end < pattern.length) parts.push(text(pattern.slice(end)));
  return parts;
}

export function signs(signature: SignatureScheme, kind: SignedPart['kind']): boolean {
  return signature.signed.some((part) => part.kind === kind);
}
