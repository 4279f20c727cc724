import { shownJobState, type JobStanding } from '../../../core/state-machine.ts';
import type { AttemptRow, DraftRow, PayloadRow, RevisionRow } from '../../../ledger/row.ts';
import { maxItemCharacters, maxStagedCharacters, type ItemFacts, type ItemResult, type LargeOutput, type StoredResults } from '../../../ledger/snapshot.ts';
import { itemsFrom } from '../../item-stage.ts';
import type { Json } from '../../../../schemas/workflow/json.ts';
import { list, type Row } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { byNumber, each, pairOf, type Loads } from './loading.ts';

/** Outputs of a longer JSON are facts of their own, in bytes: `results[3].output` needs no other. */
const largeBytes = 16_384;
/** Results that are read together: of a million, not all are in memory twice. */
const resultsTogether = 1000;

export type ScopeFact = 'inputs' | 'trigger' | 'vars' | 'output' | 'results' | 'items' | 'stagedItems' | 'largeOutput' | 'itemFrom';

/** What expressions read. `charge` is called with the length of each JSON text that is parsed, and may throw. */
export function scopeFacts(charge: (characters: number) => void = () => {}): Loads<ScopeFact> {
  const parsed = (value: unknown): Json => {
    if (typeof value !== 'string') return null;
    charge(value.length);
    return JSON.parse(value) as Json;
  };
  const ofRun = (column: 'inputs' | 'trigger_value' | 'vars', absent = 'null') => async ({ tx }: { readonly tx: Transaction }, ids: readonly number[]): Promise<readonly (readonly [number, Json])[]> =>
    (await tx.values(`SELECT id, ${column} FROM runs WHERE id = ANY ($1::bigint[])`, [list(ids)])).map(([id, text]) => [Number(id), parsed(text ?? absent)]);
  return {
    inputs: byNumber('inputs', ofRun('inputs'), () => null),
    trigger: byNumber('trigger', ofRun('trigger_value'), () => null),
    vars: byNumber('vars', ofRun('vars', '{}'), () => null),
    output: byNumber(
      'output',
      async ({ tx }, ids) => {
        const rows = await tx.values(
          `SELECT DISTINCT ON (j.step_id) j.step_id, a.output FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.number = j.attempt
           WHERE j.step_id = ANY ($1::bigint[]) AND j.state = 'succeeded' ORDER BY j.step_id, j.item_index NULLS FIRST`,
          [list(ids)],
        );
        return rows.map(([id, output]) => [Number(id), parsed(output)]);
      },
      () => null,
    ),
    results: each('results', ({ tx }, stepId) => resultsOf(tx, stepId, parsed)),
    items: each('items', ({ tx }, stepId) => allItems(tx, stepId, charge)),
    stagedItems: each('stagedItems', ({ tx }, key, limit) => stagedItems(tx, ...pairOf<number, number>(key), limit)),
    largeOutput: each('largeOutput', async ({ tx }, key) => {
      const [jobId = 0, attempt = 0] = key.split('/').map(Number);
      const [row] = await tx.values('SELECT output FROM attempts WHERE job_id = $1 AND number = $2', [jobId, attempt]);
      return (row?.[0] as string | null | undefined) ?? 'null';
    }),
    itemFrom: each('itemFrom', async ({ tx }, key) => {
      const values = pairOf<number, number>(key);
      return (await tx.one('SELECT j.item_index, j.item_key, p.item FROM jobs j JOIN payloads p ON p.job_id = j.id WHERE j.step_id = $1 AND j.item_index >= $2 ORDER BY j.item_index LIMIT 1', [...values])) as ItemFacts | undefined;
    }),
  };
}

async function allItems(tx: Transaction, stepId: number, charge: (characters: number) => void): Promise<Json[] | undefined> {
  const [size] = await tx.values('SELECT coalesce(sum(length(items)), 0) FROM staged_items WHERE step_id = $1', [stepId]);
  const characters = Number(size?.[0] ?? 0);
  if (characters > maxItemCharacters) return undefined;
  charge(characters);
  const rows = await tx.values('SELECT items FROM staged_items WHERE step_id = $1 ORDER BY first', [stepId]);
  return rows.flatMap(([items]) => String(items).split('\n').map((item) => JSON.parse(item) as Json));
}

/** Rows together, as many as are needed at most: how much is in each is known before it is sent. */
async function stagedItems(tx: Transaction, stepId: number, place: number, limit: number): Promise<readonly string[]> {
  const rows = await tx.rows(
    `SELECT first, items FROM (
       SELECT first, items, sum(length(items)) OVER (ORDER BY first) - length(items) AS before FROM (
         SELECT first, items FROM staged_items WHERE step_id = $1 AND first < $2::bigint + $3::bigint
           AND first >= coalesce((SELECT first FROM staged_items WHERE step_id = $1 AND first <= $2::bigint ORDER BY first DESC LIMIT 1), 0) ORDER BY first
       ) AS near
     ) AS sized WHERE before < $4::bigint ORDER BY first`,
    [stepId, place, limit, maxStagedCharacters],
  );
  return rows.flatMap((row) => itemsFrom({ first: Number(row['first']), items: String(row['items']) }, place)).slice(0, limit);
}

async function resultsOf(tx: Transaction, stepId: number, parsed: (value: unknown) => Json): Promise<StoredResults> {
  const found: ItemResult[] = [];
  const large: LargeOutput[] = [];
  for (let after = -1; ; ) {
    const rows = await tx.rows(
      `SELECT j.id, j.attempt, j.item_index, j.item_key AS key, p.item, j.state, j.error, octet_length(a.output) AS bytes,
         CASE WHEN octet_length(a.output) <= ${largeBytes} THEN a.output END AS output FROM jobs j
       JOIN payloads p ON p.job_id = j.id
       LEFT JOIN attempts a ON a.job_id = j.id AND a.number = j.attempt AND j.state = 'succeeded'
       WHERE j.step_id = $1 AND j.item_index > $2 ORDER BY j.item_index LIMIT ${resultsTogether}`,
      [stepId, after],
    );
    for (const row of rows) {
      const bytes = Number(row['bytes'] ?? 0);
      // Its characters are not more than its bytes.
      if (bytes > largeBytes) large.push({ index: found.length, key: `${Number(row['id'])}/${Number(row['attempt'])}`, characters: bytes });
      found.push(resultOf(row, parsed));
    }
    if (rows.length < resultsTogether) return { list: found, large };
    after = Number(rows.at(-1)?.['item_index']);
  }
}

function resultOf(row: Row, parsed: (value: unknown) => Json): ItemResult {
  return {
    key: row['key'] as string | null,
    item: parsed(row['item']),
    status: shownJobState(row['state'] as JobStanding),
    output: parsed(row['output']),
    error: row['state'] === 'succeeded' ? null : parsed(row['error']),
  };
}

/** Payloads, attempts, and what was edited. */
export const payloadFacts: Loads<'payload' | 'draft' | 'attempts' | 'lastFailure' | 'revisions'> = {
  payload: byNumber('payload', async ({ tx }, ids) => rowsByJob<PayloadRow>(await tx.rows('SELECT * FROM payloads WHERE job_id = ANY ($1::bigint[])', [list(ids)])), (id) => {
    throw new Error(`the job ${id} has no payload`);
  }),
  draft: byNumber('draft', async ({ tx }, ids) => rowsByJob<DraftRow>(await tx.rows('SELECT * FROM payload_drafts WHERE job_id = ANY ($1::bigint[])', [list(ids)])), () => undefined),
  attempts: byNumber(
    'attempts',
    async ({ tx }, ids) => {
      const rows = await tx.rows('SELECT job_id, number, round, revision, ended_at FROM attempts WHERE job_id = ANY ($1::bigint[]) ORDER BY job_id, number', [list(ids)]);
      return Map.groupBy(rows as unknown as readonly AttemptRow[], ({ job_id: jobId }) => jobId);
    },
    () => [],
  ),
  lastFailure: byNumber(
    'lastFailure',
    async ({ tx }, ids) => rowsByJob<AttemptRow>(await tx.rows('SELECT DISTINCT ON (job_id) job_id, error, response FROM attempts WHERE job_id = ANY ($1::bigint[]) AND error IS NOT NULL ORDER BY job_id, number DESC', [list(ids)])),
    () => undefined,
  ),
  revisions: byNumber(
    'revisions',
    async ({ tx }, ids) => Map.groupBy((await tx.rows('SELECT * FROM payload_revisions WHERE job_id = ANY ($1::bigint[]) ORDER BY job_id, revision', [list(ids)])) as unknown as readonly RevisionRow[], ({ job_id: jobId }) => jobId),
    () => [],
  ),
};

function rowsByJob<Kept>(rows: readonly Row[]): readonly (readonly [number, Kept])[] {
  return rows.map((row) => [Number(row['job_id']), row as unknown as Kept]);
}
