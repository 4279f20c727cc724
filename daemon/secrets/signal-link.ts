import { createHash, createHmac } from 'node:crypto';
import type { Json } from '../../schemas/workflow/json.ts';

/** What a link belongs to. The same job in a store that was brought back from a copy, or made anew, was made at another time. */
export interface LinkIdentity {
  /** The job that carries it. */
  readonly jobId: number;
  readonly createdAt: number;
  /** Of the signal that it answers. */
  readonly name: string;
}

/** A token is told from any other text by its beginning, so that it can be masked wherever it turns up. Letters and digits alone: nobody escapes them. */
const tokenStart = 'slsig';
/** 160 bits. */
const tokenDigits = 40;
const token = new RegExp(`^${tokenStart}[0-9a-f]{${tokenDigits}}$`);
/** A text may have been cut; less than four digits give nothing away. */
const tokens = new RegExp(`${tokenStart}[0-9a-f]{4,${tokenDigits}}`, 'g');

/** Bytes of a key. */
export const linkKeyBytes = 32;

/**
 * The secret part of links that answer signals: HMAC-SHA-256 over what a link belongs to, so that all attempts of a job send the same one and nothing
 * but the project's key has to be kept. Whether it is a link that was made, and for what, only the hash says that was stored with the job.
 */
export function linkToken(key: string, { jobId, createdAt, name }: LinkIdentity): string {
  return tokenStart + createHmac('sha256', Buffer.from(key, 'hex')).update(JSON.stringify(['signal', jobId, createdAt, name])).digest('hex').slice(0, tokenDigits);
}

/** What is stored of a token: SHA-256, in hex. */
export function tokenHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What is stored of the links of a job, as the ledger asks for it. */
export function linkHasher(key: string): (jobId: number, createdAt: number, name: string) => string {
  return (jobId, createdAt, name) => tokenHash(linkToken(key, { jobId, createdAt, name }));
}

/** Whether it could be a token. */
export function isToken(text: string): boolean {
  return token.test(text);
}

/** Tells a key from another one without giving anything of it away. */
export function linkKeyName(key: string): string {
  return createHash('sha256').update(`name of ${key}`).digest('hex').slice(0, 16);
}

/** Whether a token may be anywhere in a value. */
export function mayHoldToken(value: Json): boolean {
  if (typeof value === 'string') return value.includes(tokenStart);
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return (value as readonly Json[]).some(mayHoldToken);
  for (const [key, child] of Object.entries(value)) if (key.includes(tokenStart) || mayHoldToken(child)) return true;
  return false;
}

/** Where tokens are in a text, whole or cut. */
export function tokensIn(text: string): readonly (readonly [from: number, to: number])[] {
  if (!text.includes(tokenStart)) return [];
  return [...text.matchAll(tokens)].map(({ index, 0: { length } }) => [index, index + length] as const);
}
