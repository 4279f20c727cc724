import { maxRetryAfterMs } from '../core/attempt-verdict.ts';

/**
 * The three date formats of HTTP: IMF-fixdate, RFC 850, asctime. Anything else that `Date.parse` would guess at is
 * refused.
 */
const httpDate =
  /^[A-Z][a-z]{2}(?:[a-z]*, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT| [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/**
 * Reads `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. Answers milliseconds from `now`, 0 to `maxRetryAfterMs`;
 * undefined where the header is missing or says neither.
 */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.trim();
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, maxRetryAfterMs);
  if (!httpDate.test(value)) return undefined;
  // asctime names no zone, and means GMT.
  const at = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - now, 0), maxRetryAfterMs);
}
