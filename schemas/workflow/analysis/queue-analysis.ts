import type { SourceRange } from '../diagnostic.ts';
import type { MapEntry } from '../document.ts';
import type { QueueDefinition } from '../model.ts';
import { parsePercentage } from '../percentage.ts';
import { MapReader, type MapShape } from './map-reader.ts';
import { readDuration, readPriority, readRate, readRetry } from './policy-reader.ts';
import { quoted } from './report.ts';

export const maxConcurrency = 10_000;
export const maxQueueDepth = 100_000_000;

const queueShape: MapShape = {
  what: 'a queue',
  keys: ['rate', 'concurrency', 'timeout', 'retry', 'priority', 'max-depth', 'dead-letters', 'lanes', 'breaker', 'alerts'],
};

const thresholds = ['warning', 'error'];

/** Which kind of threshold each alert takes. */
const alerts: Readonly<Record<string, { readonly kind: 'count' | 'duration' | 'percentage'; readonly keys: readonly string[] }>> = {
  depth: { kind: 'count', keys: thresholds },
  oldest: { kind: 'duration', keys: thresholds },
  'failure-rate': { kind: 'percentage', keys: [...thresholds, 'over'] },
  'dead-letters': { kind: 'count', keys: thresholds },
  filling: { kind: 'duration', keys: thresholds },
};

/** A declared queue with the place of its name, for messages about a second declaration. */
export interface DeclaredQueue {
  readonly definition: QueueDefinition;
  readonly range: SourceRange;
}

/** Reads the entries of `queues`. */
export function readQueues(reader: MapReader): ReadonlyMap<string, DeclaredQueue> {
  const queues = new Map<string, DeclaredQueue>();
  for (const entry of reader.named('queues', 'queues')) {
    queues.set(entry.key, { definition: readQueue(reader, entry), range: entry.keyRange });
  }
  return queues;
}

function readQueue(parent: MapReader, { key: name, keyRange, value }: MapEntry): QueueDefinition {
  // A queue that says nothing has defaults only.
  if (value.kind === 'scalar' && value.value === null) return { name };
  const reader = MapReader.open(parent.report, value, keyRange, queueShape);
  if (reader === undefined) return { name };
  checkPlanned(reader);
  const rate = readRate(reader, 'rate');
  const concurrency = reader.integer('concurrency', 1, maxConcurrency);
  const timeoutMs = readDuration(reader, 'timeout', 1);
  const retry = readRetry(reader, 'retry');
  const priority = readPriority(reader, 'priority');
  const maxDepth = reader.integer('max-depth', 1, maxQueueDepth);
  const deadLetters = reader.map('dead-letters', { what: "'dead-letters'", keys: ['keep'] });
  const keepDeadLettersMs = deadLetters && readDuration(deadLetters, 'keep', 1);
  return {
    name,
    ...(rate === undefined ? {} : { rate }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retry === undefined ? {} : { retry }),
    ...(priority === undefined ? {} : { priority }),
    ...(maxDepth === undefined ? {} : { maxDepth }),
    ...(keepDeadLettersMs === undefined ? {} : { keepDeadLettersMs }),
  };
}

/** What the language has, but the daemon doesn't do yet, is checked all the same: it shall be right when that day comes. */
function checkPlanned(reader: MapReader): void {
  const lanes = reader.map('lanes', { what: "'lanes'", keys: ['rate', 'concurrency'] });
  if (lanes !== undefined) {
    readRate(lanes, 'rate');
    lanes.integer('concurrency', 1, maxConcurrency);
  }
  const breaker = reader.map('breaker', { what: "'breaker'", keys: ['failures', 'within', 'pause'] });
  if (breaker !== undefined) {
    breaker.require('failures', 'within', 'pause');
    breaker.integer('failures', 1, 1_000_000);
    readDuration(breaker, 'within', 1);
    readDuration(breaker, 'pause', 1);
  }
  const alertReader = reader.map('alerts', { what: "'alerts'", keys: Object.keys(alerts) });
  for (const name of Object.keys(alerts)) checkAlert(alertReader, name);
  for (const key of ['lanes', 'breaker', 'alerts']) warnNotSupported(reader, key, 'The queue works without it.');
}

function checkAlert(parent: MapReader | undefined, name: string): void {
  const alert = alerts[name];
  const reader = alert && parent?.map(name, { what: quoted(name), keys: alert.keys });
  if (alert === undefined || reader === undefined) return;
  if (!thresholds.some((threshold) => reader.has(threshold))) {
    reader.report.error('missing-key', reader.at, `${quoted(name)} must say 'warning' or 'error': the value from which on it is one.`);
  }
  if (reader.has('over')) readDuration(reader, 'over', 1);
  for (const threshold of thresholds) {
    switch (alert.kind) {
      case 'count':
        reader.integer(threshold, 0, maxQueueDepth);
        break;
      case 'duration':
        readDuration(reader, threshold, 1);
        break;
      case 'percentage':
        checkPercentage(reader, threshold);
        break;
    }
  }
}

function checkPercentage(reader: MapReader, key: string): void {
  const entry = reader.entry(key);
  if (entry === undefined) return;
  const value = entry.value.kind === 'scalar' ? entry.value.value : undefined;
  const parsed = parsePercentage(typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  if (!parsed.ok) reader.report.error('bad-percentage', reader.place(key), parsed.message);
}

/** Says at a key that it has no effect yet. */
export function warnNotSupported(reader: MapReader, key: string, consequence: string): void {
  const entry = reader.entry(key);
  if (entry !== undefined) reader.report.warning('not-supported', entry.keyRange, `${quoted(key)} is not supported yet. ${consequence}`);
}
