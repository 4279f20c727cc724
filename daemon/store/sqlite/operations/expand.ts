import type { JobError } from '../../../../schemas/protocol/shape.ts';
import type { Json } from '../../../../schemas/workflow/json.ts';
import type { Foreach, Step } from '../../../../schemas/workflow/model.ts';
import { enterItem, renderItems } from '../../../core/foreach-items.ts';
import type { MutableScope } from '../../../core/run-scope.ts';
import type { ExpandParams, ExpandResult } from '../../store.ts';
import { isHeld, runColumns, type RunRow, type StepRow } from '../row.ts';
import { scopeOfRun } from '../run-scope-source.ts';
import { renderJob } from '../start-step.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import type { ExpansionScope } from '../writer-state.ts';

export function expand(tx: WriteTransaction, params: ExpandParams): ExpandResult {
  const { state, db } = tx;
  const row = db.sql('SELECT * FROM steps WHERE id = ?').get(params.stepId) as StepRow | undefined;
  const expansion = state.expansions.get(params.stepId);
  if (row === undefined || expansion === undefined) return { kind: 'closed', cursor: row?.cursor ?? 0 };
  if (expansion.held === true) return { kind: 'held', cursor: row.cursor };
  const room = roomIn(tx, row);
  if (room <= 0) return { kind: 'full', cursor: row.cursor };
  const allowed = row.item_limit === null ? room : Math.min(room, row.item_limit - row.total);

  const run = db.sql(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(row.run_id) as unknown as RunRow;
  const workflow = state.workflow(run.version);
  const step = workflow.steps[row.name] ?? workflow.onFailure[row.name];
  if (step?.foreach === undefined) throw new Error(`the step ${row.name} of run ${run.id} is no foreach`);
  const common = state.expansionScope(row.id, () => {
    const rows = db.sql('SELECT * FROM steps WHERE run_id = ?').all(run.id) as unknown as StepRow[];
    // `now()` stays what it was when the step started: a fan-out that a crash cut in two is made of one piece.
    return scopeOfRun({ db, env: state.env }, run, new Map(rows.map((one) => [one.name, one])), row.started_at ?? params.now);
  });

  const chunk = takeChunk(step.foreach, row, params, common, Math.min(params.limit, allowed));
  if ('kind' in chunk) {
    failExpansion(tx, { stepId: row.id, error: chunk });
    return { kind: 'closed', cursor: row.cursor };
  }
  const duplicates = insertItems(tx, row, step, step.foreach, common.scope, chunk.items, params.now);
  const cursor = row.cursor + chunk.items.length;
  db.sql('UPDATE steps SET cursor = ?, duplicates = duplicates + ?, expanded = ? WHERE id = ?').run(cursor, duplicates, chunk.last ? 1 : 0, row.id);
  if (chunk.last) {
    state.endExpansion(row.id);
    tx.touchStep(row.id);
    return { kind: 'done', cursor };
  }
  const held = isHeld({ ...row, total: row.total + chunk.items.length - duplicates });
  state.setExpansion({ ...row, cursor }, held);
  return { kind: held ? 'held' : 'more', cursor };
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
    const items = renderItems(foreach.source.items, common.scope);
    if ('kind' in items) return items;
    common.items = items;
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
    const key = enterItem(foreach, scope, item, index);
    if (typeof key === 'object' && key !== null) {
      tx.insertJob({ ...renderJob(tx, row, step, scope, { now, item: JSON.stringify(item), index, key: null }), error: key });
      continue;
    }
    if (!tx.insertJob(renderJob(tx, row, step, scope, { now, item: JSON.stringify(item), index, key }))) duplicates++;
  }
  return duplicates;
}

function roomIn(tx: WriteTransaction, row: StepRow): number {
  const { maxDepth } = tx.state.queueSettings(tx.state.queueName(row.queue_id));
  return maxDepth === undefined ? Number.MAX_SAFE_INTEGER : maxDepth - tx.state.waiting(row.queue_id);
}
