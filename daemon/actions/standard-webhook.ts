import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Bytes that a secret has, by the specification. */
const minSecretBytes = 24;
const maxSecretBytes = 64;

/** Secrets whose keys are kept ready: making a key takes seven times as long as signing with it. */
const maxReadyKeys = 100;
const readyKeys = new Map<string, readonly KeyObject[]>();

/**
 * Reads the secrets of the Standard Webhooks specification: base64 of 24 to 64 bytes, each with or without its prefix
 * `whsec_`, separated by spaces. Undefined where one of them is something else.
 */
export function readWebhookSecrets(text: string): readonly KeyObject[] | undefined {
  const ready = readyKeys.get(text);
  if (ready !== undefined) return ready;
  const keys: KeyObject[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const base64 = word.startsWith('whsec_') ? word.slice(6) : word;
    const bytes = Buffer.from(base64, 'base64');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || bytes.length < minSecretBytes || bytes.length > maxSecretBytes) return undefined;
    keys.push(createSecretKey(bytes));
  }
  if (readyKeys.size >= maxReadyKeys) readyKeys.clear();
  readyKeys.set(text, keys);
  return keys;
}

/**
 * The value of `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, once for each key,
 * separated by spaces.
 */
export function signWebhook(keys: readonly KeyObject[], id: string, timestampSeconds: number, body: string): string {
  const signed = `${id}.${timestampSeconds}.${body}`;
  return keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`).join(' ');
}
