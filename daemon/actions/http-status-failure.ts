import { STATUS_CODES } from 'node:http';
import type { ActionFailure } from './action.ts';
import { attemptError } from './action-failure.ts';
import type { HttpAnswer, HttpCall } from './http-client.ts';
import { requestRecord, responseRecord } from './http-record.ts';
import { retryAfterMs } from './retry-after.ts';

/**
 * An answer whose status isn't expected, as a failure. `throttled` for a 429, and for a 503 that says when to come back. Of other statuses
 * the retry policy decides whether their `Retry-After` counts: on a 404 it says nothing about the next job.
 */
export function statusFailure(
  answer: HttpAnswer,
  text: string | undefined,
  call: HttpCall,
  now: number,
  why?: { readonly cause: string; readonly message: string },
): ActionFailure {
  const { status } = answer;
  const wait = status >= 400 ? retryAfterMs(answer.headers['retry-after'], now) : undefined;
  const named = statusName(status);
  const error = attemptError('status', why?.cause ?? named, why?.message ?? `${call.url.host} answered ${named}.`);
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
