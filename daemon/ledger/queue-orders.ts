import { CodedError } from '../../schemas/protocol/error.ts';
import { message } from '../../schemas/wording/message.ts';
import type { QueueDefinition } from '../../schemas/workflow/model.ts';
import type { RateLimit } from '../../schemas/workflow/rate.ts';
import type { Book } from './book.ts';
import type { HoldReason, MoveQueueParams, QueueHold, SetQueueParams } from './call.ts';
import type { QueueRow } from './row.ts';

/**
 * The limits that hold: what is declared; of each queue that is not, the last declaration, so that no limit opens by accident; and where there is
 * none, one that is declared, but not so that it counts.
 */
export function limitsThatHold(
  { queues, doubtful = [] }: { readonly queues: readonly QueueDefinition[]; readonly doubtful?: readonly QueueDefinition[] },
  known: Iterable<string>,
  lastDeclaration: (name: string) => QueueDefinition | undefined,
): readonly QueueDefinition[] {
  const limits = new Map(doubtful.map((definition) => [definition.name, definition]));
  for (const name of known) {
    const last = lastDeclaration(name);
    if (last !== undefined) limits.set(name, last);
  }
  for (const { name } of queues) limits.delete(name);
  return [...queues, ...limits.values()];
}

/** What a person has told a queue, over restarts too. */
export interface QueueOrders {
  readonly name: string;
  readonly paused: boolean;
  /** Undefined: as the file says. */
  readonly rate?: RateLimit | 'none';
  readonly concurrency?: number;
}

export function ordersOf({ name, paused, rate, concurrency }: Pick<QueueRow, 'name' | 'paused' | 'rate' | 'concurrency'>): QueueOrders {
  return { name, paused: paused === 1, ...(rate === null ? {} : { rate: readStoredRate(rate) }), ...(concurrency === null ? {} : { concurrency }) };
}

/** What a store keeps of a queue: what it was told, by people and by receivers, and how it was declared. */
export interface KeptQueue extends QueueOrders {
  readonly hold?: QueueHold;
  /** As last declared. */
  readonly definition?: QueueDefinition;
}

export function keptQueueOf(row: QueueRow): KeptQueue {
  const { held_until: until, held_by: by, definition } = row;
  return {
    ...ordersOf(row),
    ...(definition === null ? {} : { definition: JSON.parse(definition) as QueueDefinition }),
    ...(until === null ? {} : { hold: { until, ...(by === null ? {} : { by: JSON.parse(by) as HoldReason }) } }),
  };
}

/** Sets what a queue is told. */
export function setQueue(book: Book, { queue, paused, rate, concurrency, hold }: SetQueueParams): void {
  const id = book.fact('queueId', queue);
  if (paused === false || hold === null) {
    const row = book.queueRow(id);
    if (row.paused === 1 || row.held_until !== null) deferPaced(book, id);
  }
  const values = {
    ...(paused === undefined ? {} : { paused: paused ? 1 : 0 } as const),
    ...(rate === undefined ? {} : { rate: rate === 'file' ? null : storedRate(rate) }),
    ...(concurrency === undefined ? {} : { concurrency: concurrency === 'file' ? null : concurrency }),
    ...(hold === null ? { held_until: null, held_by: null } : {}),
  };
  if (Object.keys(values).length > 0) book.patchQueue(id, values);
  book.effects.order(id);
  book.effects.touchQueue(id);
}

/** A rate that was set by hand, as a queue's row keeps it. */
function storedRate(rate: RateLimit | 'none'): string {
  return JSON.stringify(rate === 'none' ? null : rate);
}

/** The rate that was set by hand, from a queue's row. */
export function readStoredRate(text: string): RateLimit | 'none' {
  return (JSON.parse(text) as RateLimit | null) ?? 'none';
}

/** A hold of the queue that has run out ends, once, as a pause does. False if there is none. */
export function endHold(book: Book, queueId: number, now: number): boolean {
  const { held_until: until } = book.queueRow(queueId);
  if (until === null || until > now) return false;
  deferPaced(book, queueId);
  book.patchQueue(queueId, { held_until: null, held_by: null });
  return true;
}

/** Of a queue that starts again: what became due one by one meanwhile doesn't start all at once. */
function deferPaced(book: Book, queueId: number): void {
  for (const job of book.fact('paced', queueId)) book.move(job, 'defer');
}

/**
 * Moves jobs that wait, are under way or are dead letters to another queue, and with the first of them whatever still brings jobs into the queue.
 * Those under way first, so that none of them comes back into the queue behind the others.
 */
export function moveQueue(book: Book, { queue, to, limit, isFirst }: MoveQueueParams): { readonly moved: number; readonly more: boolean } {
  const from = book.fact('queueId', queue);
  const target = book.fact('queueId', to);
  const { maxDepth } = book.fact('queue', target).definition;
  const coming = book.waiting(from);
  if (maxDepth !== undefined && coming > 0 && book.waiting(target) + coming > maxDepth) {
    const waiting = book.waiting(target);
    throw new CodedError(
      'queue-full',
      message(
        '{count, plural, one {The queue {queue} has no room for {coming} more: # job waits in it, and its max-depth is {maxDepth}.} other {The queue {queue} has no room for {coming} more: # jobs wait in it, and its max-depth is {maxDepth}.}}',
        { count: waiting, queue: to, coming, maxDepth },
      ),
      { queue: to, waiting, maxDepth },
    );
  }
  if (isFirst) {
    book.write({ kind: 'copy_starts', from, to: target });
    // The receiver of these jobs has asked for it, whatever their queue is called.
    const { held_until: until, held_by } = book.queueRow(from);
    if (until !== null && until > (book.queueRow(target).held_until ?? 0)) book.patchQueue(target, { held_until: until, held_by });
  }
  // Steps of open runs that have not ended bring their jobs into the other queue from now on.
  const steps = new Set(book.fact('openSteps', from).map(({ id }) => id));
  for (const { stepId, queue: into, cursor, file = null, csv, held = false } of book.fact('openFanOuts', 0)) {
    if (into === queue) book.setFanOut({ id: stepId, queue_id: target, cursor, file, file_format: csv === undefined ? null : JSON.stringify({ csv }) }, held);
  }
  const jobs = limit > 0 ? book.fact('inQueue', from, { limit }) : [];
  for (const job of jobs) {
    book.requeue(job, target);
    // Those of ended steps are dead letters: a step's jobs are in its queue.
    steps.add(job.step_id);
  }
  for (const id of steps) book.patchStep(id, { queue_id: target });
  return { moved: jobs.length, more: jobs.length >= limit };
}
