import { STATUS_CODES } from 'node:http';
import { message, type Message } from '../../schemas/wording/message.ts';
import { type ActionFailure, attemptError } from './action.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { HttpCall } from './http-client.ts';
import { requestRecord, responseRecord } from './http-record.ts';

/**
 * An answer whose status isn't expected, as a failure. `throttled` for a 429, and for a 503 that says when to come back. Of other statuses
 * the retry policy decides whether their `Retry-After` counts: on a 404 it says nothing about the next job.
 */
export function statusFailure(
  answer: HttpAnswer,
  text: string | undefined,
  call: HttpCall,
  now: number,
  why?: { readonly cause: string; readonly message: Message },
): ActionFailure {
  const { status } = answer;
  const wait = status >= 400 ? retryAfterMs(answer.headers['retry-after'], now) : undefined;
  const named = statusName(status);
  const error = attemptError('status', why?.cause ?? named, why?.message ?? message('{host} answered {status}.', { host: call.url.host, status: named }));
  return {
    ok: false,
    error: { ...error, status },
    request: requestRecord(call),
    response: responseRecord(answer, text),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...(status === 429 || (status === 503 && wait !== undefined) ? { throttled: true } : {}),
  };
}

/** `503 Service Unavailable`: by the standard's words, not the server's, which vary. */
export function statusName(status: number): string {
  const reason = STATUS_CODES[status];
  return reason === undefined ? `status ${status}` : `${status} ${reason}`;
}

/** A hundred years: more can't be told from a mistake, nor be counted exactly. */
export const longestToldMs = 36_525 * 86_400_000;

/**
 * The three date formats of HTTP: IMF-fixdate, RFC 850, asctime. Anything else that `Date.parse` would guess at is
 * refused.
 */
const httpDate =
  /^[A-Z][a-z]{2}(?:[a-z]*, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT| [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/**
 * Reads `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. Returns milliseconds from `now`, more than 0 and at most `longestToldMs`: it is what was
 * asked for, and `attemptVerdict` decides how much of that is waited.
 * Undefined if the header is missing or says neither, and for zero or a date that has passed: those tell nothing about when to come back.
 */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.trim();
  if (value === undefined) return undefined;
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : untilDateMs(value, now);
  return waitMs > 0 ? Math.min(waitMs, longestToldMs) : undefined;
}

function untilDateMs(text: string, now: number): number {
  if (!httpDate.test(text)) return Number.NaN;
  // asctime names no zone, and means GMT.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) - now;
}
