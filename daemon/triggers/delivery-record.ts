import type { Json } from '../../schemas/workflow/json.ts';
import type { WebhookVerify } from '../../schemas/workflow/triggers/webhook-verify.ts';
import { mask, type Masker } from '../secrets/masker.ts';
import type { RequestHeaders } from './signature.ts';
import { fieldsOf } from './webhook-body.ts';
import type { WebhookHead } from './webhook-listener.ts';

/** What is kept of a request besides its body, and what expressions see of it. */
export interface RecordedHead {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | string[]>>;
}

const credentials = ['authorization', 'proxy-authorization', 'cookie'];
const maxValue = 4_096;

/** Without what would let anyone who reads the record act as the sender. */
export function recordHead({ headers, query }: Pick<WebhookHead, 'headers' | 'query'>, verify: WebhookVerify, masker: Masker): RecordedHead {
  const hidden = new Set(verify.kind === 'signature' ? [...credentials, verify.signature.header] : credentials);
  const parameter = verify.kind === 'query-secret' ? verify.parameter : undefined;
  const shown = Object.fromEntries(Object.entries(fieldsOf(query)).map(([name, value]) => [name, name === parameter ? mask : value]));
  return {
    headers: masker.json(Object.fromEntries(entriesOf(headers).map(([name, value]) => [name, hidden.has(name) ? mask : value.slice(0, maxValue)]))) as Record<string, string>,
    query: masker.json(shown) as Record<string, string | string[]>,
  };
}

function entriesOf(headers: RequestHeaders): readonly (readonly [string, string])[] {
  return Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

/** What a body is kept as if nobody could read it. */
export function textRecord(text: string, maxCharacters: number, masker: Masker): Json {
  return masker.cutText(text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text);
}
