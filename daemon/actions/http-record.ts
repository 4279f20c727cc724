import type { Json } from '../../schemas/workflow/json.ts';
import type { HttpCall } from './http-client.ts';
import type { HttpAnswer, HttpHeaders } from './http-answer.ts';

/** How much of a body an attempt's record keeps, in characters. */
const maxExcerpt = 4096;
/** How much of a header's value. */
const maxHeader = 512;
const maxHeaders = 64;
const maxUrl = 2048;

/** Headers that are credentials by name: their values are never kept, whatever they hold. */
const credentialHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'apikey',
  'x-auth-token',
  'x-access-token',
  'x-amz-security-token',
  'x-csrf-token',
]);

/** What is in a record for a value that isn't kept. */
export const redacted = '***';

/**
 * What was sent, bounded. Values of secrets elsewhere than in credential headers are masked by the engine, before the
 * record is kept.
 */
export function requestRecord(call: HttpCall): Json {
  const url = call.url.href;
  return {
    method: call.method,
    url: url.length > maxUrl ? `${url.slice(0, maxUrl)}…` : url,
    headers: recordedHeaders(call.headers),
    ...(call.body === undefined ? {} : typeof call.body === 'string' ? excerpt(call.body, false) : { multipart: call.body.parts }),
  };
}

/** What came back, bounded. `text` is the decoded body where it could be decoded. */
export function responseRecord(answer: HttpAnswer, text: string | undefined): Json {
  const body = text ?? (answer.headers['content-encoding'] === undefined ? answer.body.toString('utf8', 0, maxExcerpt) : '');
  return { status: answer.status, headers: recordedHeaders(answer.headers), ...(body === '' ? {} : excerpt(body, answer.truncated)) };
}

/** Response headers as a step's output holds them. */
export function outputHeaders(headers: HttpHeaders): Record<string, string> {
  const output: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && name !== 'set-cookie') output[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return output;
}

function recordedHeaders(headers: HttpHeaders): Record<string, string> {
  const record: Record<string, string> = {};
  let count = 0;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || ++count > maxHeaders) continue;
    const text = typeof value === 'string' ? value : value.join(', ');
    record[name] = credentialHeaders.has(name) ? redacted : text.length > maxHeader ? `${text.slice(0, maxHeader)}…` : text;
  }
  return record;
}

function excerpt(body: string, cut: boolean): { body: string; bodyTruncated?: true } {
  if (body.length <= maxExcerpt) return cut ? { body, bodyTruncated: true } : { body };
  return { body: body.slice(0, maxExcerpt), bodyTruncated: true };
}
