import type { Diagnostic, SourceRange } from '../diagnostic.ts';
import { type Document, parseDocument } from '../document.ts';
import type { QueueDefinition } from '../model.ts';
import { message, type Message, sentences } from '../../wording/message.ts';
import { isBroken, openFile } from './file-analysis.ts';
import { MapReader, type MapShape, type NamedEntry } from './map-reader.ts';
import { readAlerts, readDuration, readPriority, readRate, readRetry } from './policy-reader.ts';
import { quoted } from './report.ts';

export const maxConcurrency = 10_000;
export const maxQueueDepth = 100_000_000;

const queueShape: MapShape = {
  what: 'a queue',
  keys: ['rate', 'concurrency', 'timeout', 'retry', 'priority', 'max-depth', 'dead-letters', 'lanes', 'breaker', 'alerts'],
};

/** A declared queue with the place of its name, for messages about a second declaration. */
export interface DeclaredQueue {
  readonly definition: QueueDefinition;
  readonly range: SourceRange;
  /** Nothing follows its name, as while it is being written: it has the defaults only if it has never been declared otherwise. */
  readonly isEmpty: boolean;
}

/** Reads the entries of `queues`. */
export function readQueues(reader: MapReader): ReadonlyMap<string, DeclaredQueue> {
  const queues = new Map<string, DeclaredQueue>();
  for (const entry of reader.named('queues', 'queues', 'none', queueShape)) {
    const isEmpty = entry.value.kind === 'scalar' && entry.value.value === null;
    if (isEmpty) reader.report.warning('bad-value', entry.keyRange, message('{key} says nothing, so if it had limits, it keeps the last ones. Write {code} behind it for a queue with the defaults.', { key: quoted(entry.key), code: '{}' }));
    queues.set(entry.key, { definition: isEmpty ? { name: entry.key } : readQueue(reader, entry), range: entry.keyRange, isEmpty });
  }
  return queues;
}

function readQueue(parent: MapReader, { key: name, keyRange, value, isDoubtful }: NamedEntry): QueueDefinition {
  if (isDoubtful === true) return { name };
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
  const alerts = readAlerts(reader, maxQueueDepth);
  return {
    name,
    ...(rate === undefined ? {} : { rate }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retry === undefined ? {} : { retry }),
    ...(priority === undefined ? {} : { priority }),
    ...(maxDepth === undefined ? {} : { maxDepth }),
    ...(keepDeadLettersMs === undefined ? {} : { keepDeadLettersMs }),
    ...(alerts === undefined ? {} : { alerts }),
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
  for (const key of ['lanes', 'breaker']) warnNotSupported(reader, key, message('The queue works without it.'));
}

/** Says at a key that it has no effect yet. */
export function warnNotSupported(reader: MapReader, key: string, consequence: Message): void {
  const entry = reader.entry(key);
  if (entry !== undefined) reader.report.warning('not-supported', entry.keyRange, sentences(message('{key} is not supported yet.', { key: quoted(key) }), consequence));
}

export interface QueuesAnalysis {
  /** Undefined if there is an error. */
  readonly value: ReadonlyMap<string, QueueDefinition> | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** What the file declares and where, even with errors in it. */
  readonly declared: ReadonlyMap<string, DeclaredQueue>;
  /** Whether those are all: not in a file that can't be read, or where something else is in their place. */
  readonly areNamesKnown: boolean;
  readonly document: Document;
}

/** Reads `.sluice/queues.yaml`. */
export function analyseQueues(text: string): QueuesAnalysis {
  const document = parseDocument(text);
  const { report, root } = openFile(document, { what: 'the file', keys: ['queues'] }, { mayBeEmpty: true });
  root?.require('queues');
  const declared = root === undefined ? new Map<string, DeclaredQueue>() : readQueues(root);
  const diagnostics = report.conclude(document.root);
  const hasError = diagnostics.some(({ severity }) => severity === 'error');
  const value = hasError ? undefined : new Map([...declared].map(([name, { definition }]) => [name, definition]));
  const areNamesKnown = !isBroken(document) && root?.isUncertain('queues') !== true && root?.hasUnknownKeys !== true;
  return { value, diagnostics, declared, areNamesKnown, document };
}
