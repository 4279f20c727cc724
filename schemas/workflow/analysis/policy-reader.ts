import { type AlertKind, alertKinds, alertSeverities, type AlertThresholds, alertUnits, longestOverMs, parsePercentage, type QueueAlerts } from '../alert.ts';
import type { SourceRange } from '../diagnostic.ts';
import { type DocumentNode, type DocumentPath, entryAt, nodeAt, toJson } from '../document.ts';
import { parseDuration } from '../duration.ts';
import type { Tolerance } from '../model.ts';
import { nearestName } from '../nearest-name.ts';
import { exactRate, isWithoutEffect, parseRateLimit, type RateLimit, ratesOf } from '../rate.ts';
import { parseRetryPolicy, type RetryPolicy } from '../retry-policy.ts';
import { formatDuration } from '../../wording/amount.ts';
import { message, type Message, sentences } from '../../wording/message.ts';
import { describe, type MapReader, noExpression, placeOf } from './map-reader.ts';
import { quoted } from './report.ts';

const namedPriorities: ReadonlyMap<string, number> = new Map([
  ['low', 2],
  ['normal', 5],
  ['high', 8],
]);

const rateKeys = ['limit', 'per', 'burst'];
const retryKeys = ['delays', 'type', 'first', 'factor', 'max', 'attempts', 'jitter', 'on', 'unless'];

/** A duration in milliseconds; `minMs` keeps out a timeout of nothing. */
export function readDuration(reader: MapReader, key: string, minMs = 0): number | undefined {
  const entry = reader.entry(key);
  if (entry === undefined) return undefined;
  const value = entry.value.kind === 'scalar' ? entry.value.value : undefined;
  if (typeof value !== 'string' && typeof value !== 'number') {
    reader.report.error('bad-duration', reader.place(key), message('{key} is a duration such as 30s or 1h30m, not {given}.', { key: quoted(key), given: describe(entry.value) }));
    return undefined;
  }
  const parsed = parseDuration(String(value));
  if (parsed.ok && parsed.ms >= minMs) return parsed.ms;
  const problem = parsed.ok ? message('{key} is at least {minMs}ms.', { key: quoted(key), minMs: String(minMs) }) : parsed.message;
  reader.report.error('bad-duration', reader.place(key), sentences(problem, noExpression(entry.value)));
  return undefined;
}

/** A rate, or a list of them that hold together. */
export function readRate(reader: MapReader, key: string): RateLimit | undefined {
  const entry = reader.entry(key);
  if (entry === undefined) return undefined;
  const parsed = parseRateLimit(toJson(entry.value));
  if (!parsed.ok) {
    for (const problem of parsed.problems) reportProblem(reader, 'bad-rate', entry, problem, rateKeys);
    return undefined;
  }
  warnOfIdleRates(reader, entry, parsed.limit);
  return parsed.limit;
}

/** A rate that another one of the list keeps from ever being reached says something else than was meant. */
function warnOfIdleRates(reader: MapReader, holder: Holder, limit: RateLimit): void {
  const rates = ratesOf(limit);
  for (const [index, rate] of rates.entries()) {
    const beside = rates.find((other) => other !== rate && isWithoutEffect(rate, other));
    const node = nodeAt(holder.value, [index]) ?? holder.value;
    if (beside !== undefined) reader.report.warning('bad-value', placeOf(node, holder.keyRange), message('{rate} has no effect: {beside} never lets that many start.', { rate: exactRate(rate), beside: exactRate(beside) }));
  }
}

export function readRetry(reader: MapReader, key: string): RetryPolicy | undefined {
  const entry = reader.entry(key);
  if (entry === undefined) return undefined;
  const parsed = parseRetryPolicy(toJson(entry.value));
  if (parsed.ok) return parsed.policy;
  for (const problem of parsed.problems) reportProblem(reader, 'bad-retry', entry, problem, retryKeys);
  return undefined;
}

/** 0 to 9, or a word for one. */
export function readPriority(reader: MapReader, key: string): number | undefined {
  const entry = reader.entry(key);
  if (entry === undefined) return undefined;
  const value = entry.value.kind === 'scalar' ? entry.value.value : undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 9) return value;
  const named = typeof value === 'string' ? namedPriorities.get(value) : undefined;
  if (named !== undefined) return named;
  const nearest = typeof value === 'string' ? nearestName(value, namedPriorities.keys()) : undefined;
  reader.report.error(
    'bad-priority',
    reader.place(key),
    sentences(message('A priority is a whole number from 0 to 9 (greater goes first), or low (2), normal (5) or high (8), not {given}.', { given: describe(entry.value) }), noExpression(entry.value)),
    nearest === undefined ? [] : [nearest],
  );
  return undefined;
}

/** How many items may die: a count, or a percentage of them. */
export function readTolerance(reader: MapReader, key: string): Tolerance | undefined {
  const entry = reader.entry(key);
  if (entry === undefined) return undefined;
  const value = entry.value.kind === 'scalar' ? entry.value.value : undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return { kind: 'count', count: value };
  if (typeof value === 'string' && value.includes('%')) {
    const parsed = parsePercentage(value);
    if (parsed.ok) return { kind: 'share', share: parsed.share };
    reader.report.error('bad-percentage', reader.place(key), parsed.message);
    return undefined;
  }
  reader.report.error('bad-value', reader.place(key), sentences(message('{key} is a count of items such as 10, or a percentage of them such as 2%, not {given}.', { key: quoted(key), given: describe(entry.value) }), noExpression(entry.value)));
  return undefined;
}

interface Holder {
  readonly keyRange: SourceRange;
  readonly value: DocumentNode;
}

function reportProblem(
  reader: MapReader,
  code: 'bad-rate' | 'bad-retry',
  holder: Holder,
  { path, message: problem }: { readonly path: DocumentPath; readonly message: Message },
  keys: readonly string[],
): void {
  const last = path.at(-1);
  const entry = entryAt(holder.value, path);
  if (entry !== undefined && typeof last === 'string' && !keys.includes(last)) {
    const nearest = nearestName(last, keys);
    reader.report.error('unknown-key', entry.keyRange, problem, nearest === undefined ? [] : [nearest]);
    return;
  }
  const node = nodeAt(holder.value, path) ?? holder.value;
  reader.report.error(code, placeOf(node, entry?.keyRange ?? holder.keyRange), sentences(problem, noExpression(node)));
}

/** Reads `alerts` of a queue; what is wrong with a threshold leaves that one out. */
export function readAlerts(queue: MapReader, maxCount: number): QueueAlerts | undefined {
  const reader = queue.map('alerts', { what: "'alerts'", keys: alertKinds });
  if (reader === undefined) return undefined;
  const alerts: Partial<Record<AlertKind, AlertThresholds>> = {};
  for (const kind of alertKinds) {
    const thresholds = readThresholds(reader, kind, maxCount);
    if (thresholds !== undefined) alerts[kind] = thresholds;
  }
  return Object.keys(alerts).length === 0 ? undefined : alerts;
}

function readThresholds(parent: MapReader, kind: AlertKind, maxCount: number): AlertThresholds | undefined {
  const keys = kind === 'failure-rate' ? [...alertSeverities, 'over'] : alertSeverities;
  const reader = parent.map(kind, { what: quoted(kind), keys });
  if (reader === undefined) return undefined;
  if (!alertSeverities.some((severity) => reader.has(severity))) {
    reader.report.error('missing-key', reader.at, message("{kind} must say 'warning' or 'error': the value from which on it is one.", { kind: quoted(kind) }));
  }
  const warning = readThreshold(reader, kind, 'warning', maxCount);
  const error = readThreshold(reader, kind, 'error', maxCount);
  const overMs = readOver(reader);
  if (warning === undefined && error === undefined) return undefined;
  if (warning !== undefined && error !== undefined && error <= warning) {
    reader.report.warning('bad-value', reader.place('error'), message("'error' is reached no later than 'warning', so that the warning is never told."));
  }
  return {
    ...(warning === undefined ? {} : { warning }),
    ...(error === undefined ? {} : { error }),
    ...(overMs === undefined ? {} : { overMs }),
  };
}

function readThreshold(reader: MapReader, kind: AlertKind, key: string, maxCount: number): number | undefined {
  switch (alertUnits[kind]) {
    case 'jobs':
      return reader.integer(key, 0, maxCount);
    case 'ms':
      return readDuration(reader, key, 1);
    case 'share':
      return readShare(reader, key);
  }
}

function readShare(reader: MapReader, key: string): number | undefined {
  const entry = reader.entry(key);
  if (entry === undefined) return undefined;
  const value = entry.value.kind === 'scalar' ? entry.value.value : undefined;
  const parsed = parsePercentage(typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  if (parsed.ok) return parsed.share;
  reader.report.error('bad-percentage', reader.place(key), parsed.message);
  return undefined;
}

function readOver(reader: MapReader): number | undefined {
  const overMs = readDuration(reader, 'over', 1000);
  if (overMs === undefined || overMs <= longestOverMs) return overMs;
  reader.report.error('bad-duration', reader.place('over'), message("'over' is at most {duration}: failures are counted no longer.", { duration: formatDuration(longestOverMs) }));
  return undefined;
}
