import { message, type Message, verbatim } from '../../wording/message.ts';
import type { DeliveryDetail } from '../../protocol/delivery.ts';
import { LossyJsonError, parseExactJson } from '../exact-json.ts';
import { isJsonObject, type Json } from '../json.ts';
import { eventIds, signatureSchemes } from './webhook-verify.ts';

/** What is sent to try a webhook. */
export interface WebhookSample {
  /** The body. */
  readonly payload: string;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export type ReadSample = { readonly ok: true; readonly sample: WebhookSample } | { readonly ok: false; readonly problem: Message };

const formType = 'application/x-www-form-urlencoded';
const maskPattern = '***';

/** A sample file is JSON: the body alone, or a map of nothing but `body` and `headers`. */
export function readSample(text: string): ReadSample {
  let value: Json;
  try {
    value = parseExactJson(text, { tellLines: true });
  } catch (error) {
    if (error instanceof LossyJsonError || error instanceof SyntaxError) return { ok: false, problem: verbatim(error.message) };
    throw error;
  }
  // As it is written: what signs it has to sign these bytes.
  if (!isJsonObject(value) || !Object.hasOwn(value, 'body') || Object.keys(value).some((key) => key !== 'body' && key !== 'headers')) return { ok: true, sample: { payload: text, headers: {} } };
  const { body = null, headers = {} } = value;
  if (!isJsonObject(headers)) return { ok: false, problem: message("'headers' is a map of names and texts") };
  const given: [string, string][] = [];
  for (const [name, one] of Object.entries(headers)) {
    if (typeof one !== 'string') return { ok: false, problem: message('the header {name} is not a text', { name }) };
    given.push([name.toLowerCase(), one]);
  }
  const all = Object.fromEntries(given);
  return { ok: true, sample: { payload: payloadOf(body, all['content-type'] ?? ''), headers: all } };
}

function payloadOf(body: Json, type: string): string {
  if (type.toLowerCase().startsWith(formType) && isJsonObject(body)) {
    const fields = Object.entries(body).flatMap(([name, value]) => (Array.isArray(value) ? (value as readonly Json[]) : [value]).map((one): [string, string] => [name, textOf(one)]));
    return new URLSearchParams(fields).toString();
  }
  return textOf(body);
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Between the sender and the daemon, or made anew by whoever sends: they would be wrong the next time. */
const passing = new Set([
  'host', 'connection', 'keep-alive', 'content-length', 'content-encoding', 'transfer-encoding', 'expect', 'upgrade', 'te', 'trailer', 'via', 'forwarded', 'accept', 'accept-encoding', 'accept-language', 'sec-fetch-mode', 'traceparent', 'tracestate',
  ...Object.values(signatureSchemes).flatMap(({ header, timestamp, idHeader }) => [header, ...(timestamp === undefined ? [] : [timestamp.header]), ...(idHeader === undefined ? [] : [idHeader])]),
  ...Object.values(eventIds).flatMap((sources) => sources.flatMap((source) => ('header' in source ? [source.header] : []))),
]);

/** A sample file of what was received. Its secrets are masked, so what proves where it comes from is left out. */
export function writeSample({ headers, body }: Pick<DeliveryDetail, 'headers' | 'body'>): string {
  const kept = Object.entries(headers).filter(([name, value]) => !passing.has(name) && !/^(?:x-forwarded-|cf-)/.test(name) && !value.includes(maskPattern));
  return `${JSON.stringify({ headers: Object.fromEntries(kept), body }, undefined, 2)}\n`;
}
