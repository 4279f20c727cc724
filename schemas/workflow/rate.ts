import { exactDuration, parseDuration } from './duration.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { type Message, message, sentences } from '../wording/message.ts';

/** In any window of `perMs`, at most `limit` starts; `burst` of them may be back to back, the rest are spaced. */
export interface Rate {
  readonly limit: number;
  readonly perMs: number;
  readonly burst: number;
}

/** One rate, or several that hold together, as a file has it; a list has at least two. Stored in this form. */
export type RateLimit = Rate | readonly Rate[];

/** What is wrong with a value, and at which key or place of it (empty: the value as a whole). */
export interface RateProblem {
  readonly path: readonly (string | number)[];
  readonly message: Message;
}

export type RateResult = { readonly ok: true; readonly rate: Rate } | { readonly ok: false; readonly problems: readonly RateProblem[] };

export type RateLimitResult = { readonly ok: true; readonly limit: RateLimit } | { readonly ok: false; readonly problems: readonly RateProblem[] };

/** The most rates that may hold together. */
export const maxRates = 4;

/** The most starts a rate may allow per window: its start times are kept, so this bounds a queue's memory. */
export const maxRateLimit = 1_000_000;

const windows: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const likelyWindows: ReadonlyMap<string, string> = new Map([
  ['m', 'min'], ['mins', 'min'], ['minute', 'min'], ['minutes', 'min'],
  ['sec', 's'], ['secs', 's'], ['second', 's'], ['seconds', 's'],
  ['hr', 'h'], ['hour', 'h'], ['hours', 'h'],
  ['day', 'd'], ['days', 'd'],
]);

const wanted = message("A rate is such as '100/min' (per s, min, h or d) or {code}.", { code: '{ limit: 1000, per: 1m, burst: 50 }' });

/**
 * Reads `100/min` (`/s`, `/min`, `/h`, `/d`) or `{ limit, per, burst }`: `limit` a whole number of 1 to 1,000,000, `per` a
 * duration of at least a millisecond, `burst` 1 to `limit`. Default burst: a tenth of the limit, rounded down, at least 1.
 */
export function parseRate(value: Json): RateResult {
  if (typeof value === 'string') return parseOne(value);
  if (isJsonObject(value)) return parseRateObject(value);
  if (typeof value === 'number') return refuse(sentences(wanted, meant(`${value}/min`)));
  return refuse(wanted);
}

/**
 * Reads a rate, or a list of 1 to 4 rates that hold together. Of two rates for the same window the larger would have no effect: an error.
 */
export function parseRateLimit(value: Json): RateLimitResult {
  if (!Array.isArray(value)) {
    const parsed = parseRate(value);
    return parsed.ok ? { ok: true, limit: parsed.rate } : parsed;
  }
  if (value.length === 0 || value.length > maxRates) return { ok: false, problems: [{ path: [], message: message('A list of rates has 1 to {max} of them, such as {code}.', { max: maxRates, code: '[20/s, 50000/d]' }) }] };
  const rates: Rate[] = [];
  const problems: RateProblem[] = [];
  for (const [index, item] of (value as readonly Json[]).entries()) {
    const parsed = parseRate(item);
    if (!parsed.ok) {
      problems.push(...parsed.problems.map(({ path, message: problem }) => ({ path: [index, ...path], message: problem })));
      continue;
    }
    const { rate } = parsed;
    const other = rates.find(({ perMs }) => perMs === rate.perMs);
    if (other !== undefined) problems.push({ path: [index], message: message('{rate} and {other} are for the same window: keep the smaller one.', { rate: exactRate(rate), other: exactRate(other) }) });
    rates.push(rate);
  }
  if (problems.length > 0) return { ok: false, problems };
  const [only, ...others] = rates;
  return { ok: true, limit: only !== undefined && others.length === 0 ? only : rates };
}

/** Reads what a person types: `20/s`, or several with commas between them. */
export function parseRateText(text: string): RateLimitResult {
  return text.includes(',') ? parseRateLimit(text.split(',')) : parseRateLimit(text);
}

/** All rates that hold, as written. */
export function ratesOf(limit: RateLimit | undefined): readonly Rate[] {
  if (limit === undefined) return [];
  return 'limit' in limit ? [limit] : limit;
}

/** The rate that allows least in the long run; undefined without any. */
export function slowestRate(rates: readonly Rate[]): Rate | undefined {
  let slowest: Rate | undefined;
  for (const rate of rates) if (slowest === undefined || rate.limit / rate.perMs < slowest.limit / slowest.perMs) slowest = rate;
  return slowest;
}

/** Whether a rate never decides beside another one, which lets no more start in its window. */
export function isWithoutEffect(rate: Rate, beside: Rate): boolean {
  return Math.ceil(rate.perMs / beside.perMs) * beside.limit <= rate.limit;
}

/** The burst of a rate that names none. */
export function defaultBurst(limit: number): number {
  return Math.max(1, Math.floor(limit / 10));
}

/** As `parseRateText` reads it: `20/s, 50000/d`. Bursts are not shown. */
export function exactRates(rates: readonly Rate[]): string {
  return rates.map(exactRate).join(', ');
}

/** As a workflow file has it: `1000/min`. `100 per 90s` if the window is none of s, min, h, d, which a file writes as an object. The burst is not shown. */
export function exactRate(rate: Rate): string {
  for (const [name, ms] of windows) {
    if (ms === rate.perMs) return `${rate.limit}/${name}`;
  }
  const seconds = rate.perMs / 1_000;
  return `${rate.limit} per ${Number.isInteger(seconds) && seconds < 120 ? `${seconds}s` : exactDuration(rate.perMs)}`;
}

function parseOne(text: string): RateResult {
  const [, digits = '', window = ''] = /^\s*(\d{1,15})\s*\/\s*([A-Za-z]{1,20})\s*$/.exec(text) ?? [];
  if (window === '') return refuse(sentences(wanted, hintFor(text)));
  const perMs = windows.get(window);
  if (perMs === undefined) {
    const likely = likelyWindows.get(window.toLowerCase()) ?? (windows.has(window.toLowerCase()) ? window.toLowerCase() : undefined);
    return refuse(sentences(message("A rate is per s, min, h or d, not per '{window}'.", { window }), likely === undefined ? undefined : meant(`${digits}/${likely}`)));
  }
  const limit = Number(digits);
  if (!isLimit(limit)) return refuse(limitMessage);
  return { ok: true, rate: { limit, perMs, burst: defaultBurst(limit) } };
}

function hintFor(text: string): Message | undefined {
  const trimmed = text.trim();
  if (/^\d{1,15}$/.test(trimmed)) return meant(`${trimmed}/min`);
  if (/^-?\d*\.\d+\s*\//.test(trimmed)) return message('Its limit is a whole number: for less than one, name a longer window.');
  return undefined;
}

function meant(rate: string): Message {
  return message("Did you mean '{name}'?", { name: rate });
}

function parseRateObject(value: JsonObject): RateResult {
  const problems: RateProblem[] = [];
  for (const key of Object.keys(value)) {
    if (!['limit', 'per', 'burst'].includes(key)) problems.push({ path: [key], message: message("A rate has the keys limit, per and burst; '{key}' is none of them.", { key }) });
  }

  const { limit, per, burst } = value;
  if (!isLimit(limit)) problems.push({ path: limit === undefined ? [] : ['limit'], message: limit === undefined ? sentences(message("'limit' is missing."), limitMessage) : limitMessage });

  let perMs = 0;
  if (typeof per !== 'string') {
    problems.push({ path: per === undefined ? [] : ['per'], message: per === undefined ? message("'per' is missing: the length of the window, such as 1m.") : message("'per' is a duration with a unit, such as 1m.") });
  } else {
    const duration = parseDuration(per);
    if (!duration.ok) problems.push({ path: ['per'], message: duration.message });
    else if (duration.ms < 1) problems.push({ path: ['per'], message: message("'per' can't be zero.") });
    else perMs = duration.ms;
  }

  if (burst !== undefined && !isLimit(burst)) problems.push({ path: ['burst'], message: message("'burst' is a whole number of at least 1.") });
  else if (isLimit(burst) && isLimit(limit) && burst > limit) problems.push({ path: ['burst'], message: message("'burst' ({burst}) can't be more than 'limit' ({limit}).", { burst: String(burst), limit: String(limit) }) });

  if (problems.length > 0 || !isLimit(limit)) return { ok: false, problems };
  return { ok: true, rate: { limit, perMs, burst: isLimit(burst) ? burst : defaultBurst(limit) } };
}

const limitMessage = message('The limit of a rate is a whole number from 1 to {max}.', { max: maxRateLimit });

function isLimit(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maxRateLimit;
}

function refuse(message: Message): RateResult {
  return { ok: false, problems: [{ path: [], message }] };
}
