import type { JobError } from '../../../../schemas/protocol/shape.ts';
import type { Json } from '../../../../schemas/workflow/json.ts';
import type { Foreach, Step } from '../../../../schemas/workflow/model.ts';
import { renderTemplate } from '../../../../schemas/workflow/template.ts';
import type { MutableScope } from '../../../core/run-scope.ts';
import type { ExpandParams, ExpandResult } from '../../store.ts';
import { runColumns, type RunRow, type StepRow } from '../row.ts';
import { scopeOfRun } from '../run-scope-source.ts';
import { renderFailure, renderJob } from '../start-step.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { ExpansionScope } from '../writer-state.ts';

/** Longest key of an item, in characters. */
const maxKey = 1000;

export function expand(tx: WriteTransaction, params: ExpandParams): ExpandResult {
  const { state, db } = tx;
  const row = db.sql('SELECT * FROM steps WHERE id = ?').get(params.stepId) as StepRow | undefined;
  const expansion = state.expansions.get(params.stepId);
  if (row === undefined || expansion === undefined) return { kind: 'closed', cursor: row?.cursor ?? 0 };
  const room = roomIn(tx, row);
  if (room <= 0) return { kind: 'full', cursor: row.cursor };

  const run = db.sql(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(row.run_id) as unknown as RunRow;
  const workflow = state.workflow(run.version);
  const step = workflow.steps[row.name] ?? workflow.onFailure[row.name];
  if (step?.foreach === undefined) throw new Error(`the step ${row.name} of run ${run.id} is no foreach`);
  const common = state.expansionScope(row.id, () => {
    const rows = db.sql('SELECT * FROM steps WHERE run_id = ?').all(run.id) as unknown as StepRow[];
    // `now()` stays what it was when the step started: a fan-out that a crash cut in two is made of one piece.
    return scopeOfRun({ db, env: state.env }, run, new Map(rows.map((one) => [one.name, one])), row.started_at ?? params.now);
  });

  const chunk = takeChunk(step.foreach, row, params, common, Math.min(params.limit, room));
  if ('kind' in chunk) {
    failExpansion(tx, { stepId: row.id, error: chunk });
    return { kind: 'closed', cursor: row.cursor };
  }
  const duplicates = insertItems(tx, row, step, step.foreach, common.scope, chunk.items, params.now);
  const cursor = row.cursor + chunk.items.length;
  db.sql('UPDATE steps SET cursor = ?, duplicates = duplicates + ?, expanded = ? WHERE id = ?').run(cursor, duplicates, chunk.last ? 1 : 0, row.id);
  if (chunk.last) state.endExpansion(row.id);
  else state.setExpansion(row.id, row.queue_id, cursor, row.file);
  if (chunk.last) tx.touchStep(row.id);
  return { kind: chunk.last ? 'done' : 'more', cursor };
}

export function failExpansion(tx: WriteTransaction, { stepId, error }: { readonly stepId: number; readonly error: JobError }): void {
  if (!tx.state.expansions.has(stepId)) return;
  tx.state.endExpansion(stepId);
  // The step fails through its own state machine, as soon as what it has made so far is cancelled.
  // It isn't `expanded`: should a replay reopen it, it tries to go on with its items, and not to do without them.
  tx.db.sql('UPDATE steps SET error = ? WHERE id = ?').run(JSON.stringify(error), stepId);
  tx.touchStep(stepId);
}

interface Chunk {
  /** Each as JSON, or parsed already. */
  readonly items: readonly Json[];
  readonly last: boolean;
}

function takeChunk(foreach: Foreach, row: StepRow, params: ExpandParams, common: ExpansionScope, limit: number): Chunk | JobError {
  if (foreach.source.kind === 'file') {
    if (params.rows === undefined) return { items: [], last: false };
    const items = params.rows.items.slice(0, limit);
    return { items: items.map((item) => JSON.parse(item) as Json), last: params.rows.last && items.length === params.rows.items.length };
  }
  if (common.items === undefined) {
    const rendered = renderTemplate(foreach.source.items, common.scope);
    if (!rendered.ok) return renderFailure(rendered.error);
    const { value } = rendered.rendered;
    if (!Array.isArray(value)) {
      return { kind: 'invalid', cause: 'items are no list', message: `\`foreach.items\` must be a list, and is ${nameOf(value)}.` };
    }
    common.items = value as readonly Json[];
  }
  const items = common.items.slice(row.cursor, row.cursor + limit);
  return { items, last: row.cursor + items.length >= common.items.length };
}

/** Returns how many were left out because an earlier item has their key. */
function insertItems(
  tx: WriteTransaction,
  row: StepRow,
  step: Step,
  foreach: Foreach,
  scope: MutableScope,
  items: readonly Json[],
  now: number,
): number {
  let duplicates = 0;
  for (const [offset, item] of items.entries()) {
    const index = row.cursor + offset;
    scope[foreach.as] = item;
    scope['job'] = { index };
    const key = foreach.key === undefined ? null : renderKey(foreach.key, scope);
    if (typeof key === 'object' && key !== null) {
      tx.insertJob({ ...renderJob(tx, row, step, scope, { now, item: JSON.stringify(item), index, key: null }), error: key });
      continue;
    }
    scope['job'] = { index, key };
    if (!tx.insertJob(renderJob(tx, row, step, scope, { now, item: JSON.stringify(item), index, key }))) duplicates++;
  }
  return duplicates;
}

function renderKey(template: NonNullable<Foreach['key']>, scope: MutableScope): string | JobError {
  const rendered = renderTemplate(template, scope);
  if (!rendered.ok) return renderFailure(rendered.error);
  const { value } = rendered.rendered;
  const key = typeof value === 'string' ? value : JSON.stringify(value);
  if (key.length > 0 && key.length <= maxKey && value !== null) return key;
  return { kind: 'invalid', cause: 'unusable key', message: `An item's key must be 1 to ${maxKey} characters long, and is ${key.length === 0 ? 'empty' : nameOf(value)}.` };
}

function roomIn(tx: WriteTransaction, row: StepRow): number {
  const { maxDepth } = tx.state.queueSettings(tx.state.queueName(row.queue_id));
  return maxDepth === undefined ? Number.MAX_SAFE_INTEGER : maxDepth - tx.state.waiting(row.queue_id);
}

function nameOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
