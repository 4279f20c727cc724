import { parseDuration } from './duration.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { parsePercentage } from './alert.ts';
import { message, type Message } from '../wording/message.ts';

/** When a failed attempt is repeated. */
export interface RetryPolicy {
  readonly backoff: Backoff;
  /** Each delay is moved by a random share of itself, up to this (0..1) either way. */
  readonly jitter: number;
  /** What is retried; undefined means network errors, timeouts, 408, 425, 429 and 5xx (for e-mail: network errors and 4yz replies). */
  readonly on?: readonly RetryCondition[];
  /** What is not retried; wins over `on`. */
  readonly unless?: readonly RetryCondition[];
}

export type Backoff =
  | { readonly kind: 'delays'; readonly delaysMs: readonly number[] }
  | { readonly kind: 'exponential'; readonly firstMs: number; readonly factor: number; readonly maxMs: number; readonly attempts: number };

/** The wait after the attempt of that number (from 1), in milliseconds and without jitter; undefined if none may follow. */
export function retryDelayMs(backoff: Backoff, tries: number): number | undefined {
  switch (backoff.kind) {
    case 'delays':
      return backoff.delaysMs[tries - 1];
    case 'exponential':
      return tries >= backoff.attempts ? undefined : Math.min(backoff.firstMs * backoff.factor ** (tries - 1), backoff.maxMs);
  }
}

/** How many attempts may follow the first one. */
export function allowedRetries(backoff: Backoff): number {
  return backoff.kind === 'delays' ? backoff.delaysMs.length : Math.max(0, backoff.attempts - 1);
}

/** The longest of those waits, in milliseconds and without jitter; 0 if no attempt may follow. */
export function longestDelayMs(backoff: Backoff): number {
  if (allowedRetries(backoff) === 0) return 0;
  return backoff.kind === 'delays' ? Math.max(...backoff.delaysMs) : (retryDelayMs(backoff, backoff.attempts - 1) ?? 0);
}

/** Of those waits, one after the other, the first few; all without a limit. */
export function retryDelaysMs(backoff: Backoff, most = maxRetries): readonly number[] {
  const delays: number[] = [];
  for (let tries = 1; tries <= most; tries += 1) {
    const delayMs = retryDelayMs(backoff, tries);
    if (delayMs === undefined) break;
    delays.push(delayMs);
  }
  return delays;
}

/** A status (`503`), a class of statuses (`5xx`), or a kind of failure. */
export type RetryCondition = number | '4xx' | '5xx' | '4yz' | '5yz' | 'network' | 'timeout';

/** Without `retry`: five attempts, about 5, 10, 20 and 40 s apart. */
export const defaultRetryPolicy: RetryPolicy = {
  backoff: { kind: 'exponential', firstMs: 5_000, factor: 2, maxMs: 600_000, attempts: 5 },
  jitter: 0.1,
};

/** `retry: none` or `retry: false`: one attempt. */
export const noRetryPolicy: RetryPolicy = { backoff: { kind: 'delays', delaysMs: [] }, jitter: 0 };

export interface RetryPolicyProblem {
  /** Keys and indexes from the policy's root. */
  readonly path: readonly (string | number)[];
  readonly message: Message;
}

export type RetryPolicyResult =
  | { readonly ok: true; readonly policy: RetryPolicy }
  | { readonly ok: false; readonly problems: readonly RetryPolicyProblem[] };

export const maxRetries = 100;

const namedConditions = ['4xx', '5xx', '4yz', '5yz', 'network', 'timeout'] as const;
const sharedKeys = ['jitter', 'on', 'unless'];
const exponentialDefaults = { firstMs: 5_000, factor: 2, maxMs: 600_000, attempts: 5, jitter: 0.1 };

/**
 * Reads one of
 * - `{ delays: [1m, 5m], jitter, on, unless }`: at most 100 delays, n of them make n + 1 attempts. Default jitter 0, so that
 *   a list that somebody wrote out lands exactly where it says;
 * - `{ type: exponential, first: 5s, factor: 2, max: 10m, attempts: 5, jitter: 10%, on, unless }`, all but `type` optional, with
 *   these defaults; `factor` 1 to 10, `attempts` 1 to 101 counts the first one;
 * - `none` or `false`: no retry.
 *
 * `jitter` is a percentage of 0 to 100 %. Conditions are statuses (100 to 599), `4xx`, `5xx` (HTTP), `4yz`, `5yz` (SMTP),
 * `network` and `timeout`. All problems are reported, not just the first; an unknown key is one.
 */
export function parseRetryPolicy(value: Json): RetryPolicyResult {
  if (value === 'none' || value === false) return { ok: true, policy: noRetryPolicy };
  if (!isJsonObject(value)) {
    return { ok: false, problems: [{ path: [], message: message("'retry' is such as {delays}, {exponential}, or none.", { delays: '{ delays: [1m, 5m] }', exponential: '{ type: exponential, first: 5s }' }) }] };
  }
  const problems: RetryPolicyProblem[] = [];
  const policy = isExponential(value, problems) ? readExponential(value, problems) : readDelays(value, problems);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, policy };
}

function isExponential(value: JsonObject, problems: RetryPolicyProblem[]): boolean {
  if (value['type'] === undefined) {
    if (value['delays'] === undefined) {
      problems.push({ path: [], message: message("'retry' says either 'delays' or 'type: exponential'.") });
    }
    // What grows has keys of its own, whatever became of its 'type'.
    return value['delays'] === undefined && ['first', 'factor', 'max', 'attempts'].some((key) => value[key] !== undefined);
  }
  if (value['type'] !== 'exponential') problems.push({ path: ['type'], message: message("The only 'type' is 'exponential'; for a list of delays, write 'delays' without 'type'.") });
  return true;
}

function readDelays(value: JsonObject, problems: RetryPolicyProblem[]): RetryPolicy {
  refuseUnknown(value, ['delays', ...sharedKeys], problems);
  const { delays } = value;
  const delaysMs: number[] = [];
  if (Array.isArray(delays)) {
    const list: readonly Json[] = delays;
    if (list.length > maxRetries) problems.push({ path: ['delays'], message: message('At most {maxRetries} delays; these are {count}.', { maxRetries, count: list.length }) });
    else for (const [index, delay] of list.entries()) delaysMs.push(readDuration(delay, ['delays', index], problems));
  } else if (delays !== undefined) {
    problems.push({ path: ['delays'], message: message("'delays' is a list of durations, such as [1m, 5m, 30m].") });
  }
  return { backoff: { kind: 'delays', delaysMs }, ...readShared(value, 0, problems) };
}

function readExponential(value: JsonObject, problems: RetryPolicyProblem[]): RetryPolicy {
  refuseUnknown(value, ['type', 'first', 'factor', 'max', 'attempts', ...sharedKeys], problems);
  const { first, max } = value;
  const firstMs = first === undefined ? exponentialDefaults.firstMs : readDuration(first, ['first'], problems);
  const maxMs = max === undefined ? Math.max(exponentialDefaults.maxMs, firstMs) : readDuration(max, ['max'], problems);
  if (firstMs === 0) problems.push({ path: ['first'], message: message("'first' must be longer than zero: it is what grows.") });
  if (max !== undefined && maxMs < firstMs) problems.push({ path: ['max'], message: message("'max' can't be shorter than 'first'.") });

  const factor = value['factor'] ?? exponentialDefaults.factor;
  if (typeof factor !== 'number' || !(factor >= 1 && factor <= 10)) problems.push({ path: ['factor'], message: message("'factor' is a number from 1 to 10.") });
  const attempts = value['attempts'] ?? exponentialDefaults.attempts;
  if (typeof attempts !== 'number' || !Number.isInteger(attempts) || attempts < 1 || attempts > maxRetries + 1) {
    problems.push({ path: ['attempts'], message: message("'attempts' is a whole number from 1 to {maxRetries}; it counts the first attempt.", { maxRetries: maxRetries + 1 }) });
  }
  return {
    backoff: { kind: 'exponential', firstMs, factor: Number(factor), maxMs, attempts: Number(attempts) },
    ...readShared(value, exponentialDefaults.jitter, problems),
  };
}

function readShared(value: JsonObject, defaultJitter: number, problems: RetryPolicyProblem[]): Omit<RetryPolicy, 'backoff'> {
  const on = readConditions(value, 'on', problems);
  const unless = readConditions(value, 'unless', problems);
  return {
    jitter: readJitter(value['jitter'], defaultJitter, problems),
    ...(on === undefined ? {} : { on }),
    ...(unless === undefined ? {} : { unless }),
  };
}

function readJitter(value: Json | undefined, fallback: number, problems: RetryPolicyProblem[]): number {
  if (value === undefined) return fallback;
  if (value === 0) return 0;
  const parsed = parsePercentage(typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  if (parsed.ok) return parsed.share;
  problems.push({ path: ['jitter'], message: parsed.message });
  return fallback;
}

function readConditions(value: JsonObject, key: 'on' | 'unless', problems: RetryPolicyProblem[]): readonly RetryCondition[] | undefined {
  const given = value[key];
  if (given === undefined) return undefined;
  const conditions: RetryCondition[] = [];
  const list: readonly Json[] = Array.isArray(given) ? given : [given];
  if (list.length > maxRetries) {
    problems.push({ path: [key], message: message('At most {maxRetries} conditions; these are {count}.', { maxRetries, count: list.length }) });
    return undefined;
  }
  for (const [index, item] of list.entries()) {
    const condition = readCondition(item);
    if (condition !== undefined) conditions.push(condition);
    else problems.push({ path: Array.isArray(given) ? [key, index] : [key], message: message('A condition is a status from 100 to 599, or one of {list}.', { list: namedConditions.join(', ') }) });
  }
  return conditions;
}

function readCondition(value: Json): RetryCondition | undefined {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{3}$/.test(value))) {
    const status = Number(value);
    return Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
  }
  return namedConditions.find((name) => name === value);
}

function readDuration(value: Json, path: readonly (string | number)[], problems: RetryPolicyProblem[]): number {
  const parsed = parseDuration(typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  if (parsed.ok) return parsed.ms;
  problems.push({ path, message: parsed.message });
  // Not 0, which would bring problems of its own.
  return exponentialDefaults.firstMs;
}

function refuseUnknown(value: JsonObject, known: readonly string[], problems: RetryPolicyProblem[]): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) problems.push({ path: [key], message: message("'{key}' is not a key of this kind of retry. Its keys are {list}.", { key, list: known.join(', ') }) });
  }
}

/** The policy that holds for a step: its own, else its queue's, else the default. */
export function retryOf({ retry }: { readonly retry?: RetryPolicy }, queue: { readonly retry?: RetryPolicy } | undefined): RetryPolicy {
  return retry ?? queue?.retry ?? defaultRetryPolicy;
}

/** When the second, third, ... attempt starts at the earliest, in milliseconds after the end of the first, without jitter. */
export function retryTimes({ backoff }: RetryPolicy): readonly number[] {
  let at = 0;
  return retryDelaysMs(backoff).map((delay) => (at += delay));
}

/** From the end of the first attempt to the start of the last, at least: attempts themselves, and what the other side asks for, come on top. */
export function retryBudgetMs(policy: RetryPolicy): number {
  return retryTimes(policy).at(-1) ?? 0;
}
