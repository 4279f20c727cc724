import type { Json } from '../../../schemas/workflow/json.ts';
import type { ItemResult } from '../../ledger/snapshot.ts';
import type { Database } from './database.ts';

/** Longer JSON texts of a result are read when an expression asks for them, in bytes: `results[3].output` needs no other. */
const largeBytes = 16_384;
/** Of those, the ones that were read last are kept, up to this many characters together. */
const keptCharacters = 4_194_304;

/** Where the facts of a scope are read from. */
export interface ScopeTables {
  readonly db: Database;
  /** Called with the length of each JSON text that is read, and may throw where it has been enough; left out, all is read. */
  readonly charge?: (characters: number) => void;
}

export function inputsOf(tables: ScopeTables, runId: number): Json {
  return parsed(tables, tables.db.sql('SELECT inputs FROM runs WHERE id = ?').get(runId)?.['inputs']);
}

/** What the step's one job gave; `null` where it hasn't succeeded. */
export function outputOf(tables: ScopeTables, stepId: number): Json {
  const row = tables.db
    .sql(
      `SELECT a.output FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.number = j.attempt
       WHERE j.step_id = ? AND j.state = 'succeeded' LIMIT 1`,
    )
    .get(stepId);
  return parsed(tables, row?.['output']);
}

/** One entry per item, in item order. */
export function resultsOf(tables: ScopeTables, stepId: number): readonly ItemResult[] {
  const rows = tables.db
    .sql(
      `SELECT j.id, j.attempt, j.item_key AS key, p.item, j.state, j.error, octet_length(a.output) AS bytes,
         CASE WHEN octet_length(a.output) <= ${largeBytes} THEN a.output END AS output FROM jobs j
       JOIN payloads p ON p.job_id = j.id
       LEFT JOIN attempts a ON a.job_id = j.id AND a.number = j.attempt AND j.state = 'succeeded'
       WHERE j.step_id = ? ORDER BY j.item_index`,
    )
    .iterate(stepId);
  const results: ItemResult[] = [];
  const large = new LargeOutputs(tables);
  for (const row of rows) {
    const result = {
      key: row['key'] as string | null,
      item: parsed(tables, row['item']),
      status: String(row['state']),
      output: parsed(tables, row['output']),
      error: row['state'] === 'succeeded' ? null : parsed(tables, row['error']),
    };
    if (Number(row['bytes'] ?? 0) > largeBytes) large.define(result, Number(row['id']), Number(row['attempt']));
    results.push(result);
  }
  return results;
}

/** Outputs that are too large to read all those of a step at once. */
class LargeOutputs {
  readonly #tables: ScopeTables;
  /** The one that was read last is the last. */
  readonly #kept = new Map<number, { readonly value: Json; readonly characters: number }>();
  #characters = 0;

  constructor(tables: ScopeTables) {
    this.#tables = tables;
  }

  /** Makes `result.output` what that attempt gave, read when it is asked for. */
  define(result: object, jobId: number, attempt: number): void {
    Object.defineProperty(result, 'output', { enumerable: true, get: () => this.#get(jobId, attempt) });
  }

  #get(jobId: number, attempt: number): Json {
    const known = this.#kept.get(jobId);
    if (known !== undefined) return known.value;
    const text = this.#tables.db.sql('SELECT output FROM attempts WHERE job_id = ? AND number = ?').get(jobId, attempt)?.['output'];
    const value = parsed(this.#tables, text);
    const characters = typeof text === 'string' ? text.length : 0;
    this.#kept.set(jobId, { value, characters });
    this.#characters += characters;
    for (const [oldest, { characters: freed }] of this.#kept) {
      if (this.#characters <= keptCharacters || oldest === jobId) break;
      this.#kept.delete(oldest);
      this.#characters -= freed;
    }
    return value;
  }
}

function parsed({ charge }: ScopeTables, value: unknown): Json {
  if (typeof value !== 'string') return null;
  charge?.(value.length);
  return JSON.parse(value) as Json;
}
