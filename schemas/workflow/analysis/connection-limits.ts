import type { Connection } from '../connections/connection.ts';
import type { MapReader } from './map-reader.ts';
import { readRate } from './policy-reader.ts';
import { maxConcurrency } from './queue-analysis.ts';

export const limitKeys = ['rate', 'concurrency'];

/** What a connection lets start, over all queues. */
export function readConnectionLimits(reader: MapReader): Pick<Connection, 'rate' | 'concurrency'> {
  const rate = readRate(reader, 'rate');
  const concurrency = reader.integer('concurrency', 1, maxConcurrency);
  return { ...(rate === undefined ? {} : { rate }), ...(concurrency === undefined ? {} : { concurrency }) };
}
