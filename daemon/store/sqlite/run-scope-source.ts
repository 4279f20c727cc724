import type { Json } from '../../../schemas/workflow/json.ts';
import { maxItemCharacters, maxStagedCharacters, type FactSource, type ItemFacts, type ItemResult, type LargeOutput } from '../../ledger/snapshot.ts';
import { itemsFrom } from '../item-stage.ts';
import { shownJobState, type JobStanding } from '../../core/state-machine.ts';
import type { Database } from './database.ts';

/** Outputs of a longer JSON are facts of their own, in bytes: `results[3].output` needs no other. */
const largeBytes = 16_384;

export type ScopeSource = Pick<FactSource, 'inputs' | 'trigger' | 'vars' | 'output' | 'results' | 'items' | 'stagedItems' | 'largeOutput' | 'itemFrom'>;

/** What expressions read. `charge` is called with the length of each JSON text that is parsed, and may throw. */
export function scopeSource(db: Database, charge?: (characters: number) => void): ScopeSource {
  const parsed = (value: unknown): Json => {
    if (typeof value !== 'string') return null;
    charge?.(value.length);
    return JSON.parse(value) as Json;
  };
  return {
    inputs: (runId) => parsed(db.sql('SELECT inputs FROM runs WHERE id = ?').get(runId)?.['inputs']),
    trigger: (runId) => parsed(db.sql('SELECT trigger_value FROM runs WHERE id = ?').get(runId)?.['trigger_value']),
    vars: (runId) => parsed(db.sql('SELECT vars FROM runs WHERE id = ?').get(runId)?.['vars'] ?? '{}'),
    output: (stepId) => {
      const row = db
        .sql(
          `SELECT a.output FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.number = j.attempt
           WHERE j.step_id = ? AND j.state = 'succeeded' LIMIT 1`,
        )
        .get(stepId);
      return parsed(row?.['output']);
    },
    results: (stepId) => {
      const rows = db
        .sql(
          `SELECT j.id, j.attempt, j.item_key AS key, p.item, j.state, j.error, octet_length(a.output) AS bytes,
             CASE WHEN octet_length(a.output) <= ${largeBytes} THEN a.output END AS output FROM jobs j
           JOIN payloads p ON p.job_id = j.id
           LEFT JOIN attempts a ON a.job_id = j.id AND a.number = j.attempt AND j.state = 'succeeded'
           WHERE j.step_id = ? ORDER BY j.item_index`,
        )
        .iterate(stepId);
      const list: ItemResult[] = [];
      const large: LargeOutput[] = [];
      for (const row of rows) {
        const bytes = Number(row['bytes'] ?? 0);
        // Its characters are not more than its bytes.
        if (bytes > largeBytes) large.push({ index: list.length, key: `${Number(row['id'])}/${Number(row['attempt'])}`, characters: bytes });
        list.push({
          key: row['key'] as string | null,
          item: parsed(row['item']),
          status: shownJobState(row['state'] as JobStanding),
          output: parsed(row['output']),
          error: row['state'] === 'succeeded' ? null : parsed(row['error']),
        });
      }
      return { list, large };
    },
    items: (stepId) => {
      const { characters } = db.sql('SELECT coalesce(sum(length(items)), 0) AS characters FROM staged_items WHERE step_id = ?').get(stepId) as { characters: number };
      if (characters > maxItemCharacters) return undefined;
      charge?.(characters);
      return db.sql('SELECT items FROM staged_items WHERE step_id = ? ORDER BY first').all(stepId).flatMap((row) => String(row['items']).split('\n').map((item) => JSON.parse(item) as Json));
    },
    stagedItems: (stepIdAndPlace, { limit }) => {
      const [stepId, place] = JSON.parse(stepIdAndPlace) as [number, number];
      // The row that the place is in, and those behind it.
      const rows = db.sql('SELECT first, items FROM staged_items WHERE step_id = ?1 AND first >= coalesce((SELECT max(first) FROM staged_items WHERE step_id = ?1 AND first <= ?2), 0) ORDER BY first').iterate(stepId, place);
      const items: string[] = [];
      let characters = 0;
      for (const { first, items: text } of rows) {
        characters += String(text).length;
        items.push(...itemsFrom({ first: Number(first), items: String(text) }, place));
        if (items.length >= limit || characters >= maxStagedCharacters) break;
      }
      return items.slice(0, limit);
    },
    largeOutput: (jobIdAndAttempt) => {
      const [jobId = 0, attempt = 0] = jobIdAndAttempt.split('/').map(Number);
      return String(db.sql('SELECT output FROM attempts WHERE job_id = ? AND number = ?').get(jobId, attempt)?.['output'] ?? 'null');
    },
    itemFrom: (stepIdAndIndex) => {
      const [stepId, index] = JSON.parse(stepIdAndIndex) as [number, number];
      return db
        .sql('SELECT j.item_index, j.item_key, p.item FROM jobs j JOIN payloads p ON p.job_id = j.id WHERE j.step_id = ? AND j.item_index >= ? ORDER BY j.item_index LIMIT 1')
        .get(stepId, index) as ItemFacts | undefined;
    },
  };
}
