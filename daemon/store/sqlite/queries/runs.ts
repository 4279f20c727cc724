import type { KeptWorkflow, KeptWorkflows } from '../../../core/kept-workflows.ts';
import type { Database } from '../database.ts';
import { evaluate as evaluated, type EvaluateParams } from '../../../ledger/evaluating.ts';
import { pageOf, runBefore } from '../../../ledger/page.ts';
import { runColumns, type RunRow, type ScheduleRow, type StepRow } from '../../../ledger/row.ts';
import type { RunFacts } from '../../../ledger/snapshot.ts';
import { type AnswerRow, type RunKin, runDetail, runSummary, shownText, type ShownTexts, type WaitViewRow } from '../../../ledger/view.ts';
import { scopeSource } from '../run-scope-source.ts';
import { maxShownAnswers, maxShownWaits, type RunDetail, type RunSummary } from '../../../../schemas/protocol/run.ts';
import type { ExpressionResult } from '../../../../schemas/workflow/expression/expression.ts';
import type { Workflow } from '../../../../schemas/workflow/model.ts';
import type { ListRunsParams } from '../../store.ts';

/** Newest first. */
export function listRuns(db: Database, params: ListRunsParams): { readonly runs: RunSummary[]; readonly next?: string } {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  if (params.workflow !== undefined) {
    conditions.push('workflow = ?');
    values.push(params.workflow);
  }
  if (params.state !== undefined) {
    conditions.push('state = ?');
    values.push(params.state);
  }
  if (params.parentRun === null) conditions.push('parent_run IS NULL');
  else if (params.parentRun !== undefined) {
    conditions.push('parent_run = ?');
    values.push(params.parentRun);
  }
  if (params.cursor !== undefined) {
    conditions.push('id < ?');
    values.push(runBefore(params.cursor));
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const ids = db.sql(`SELECT id FROM runs ${where} ORDER BY id DESC LIMIT ?`).all(...values, params.limit + 1);
  const { page, next } = pageOf(ids.map((row) => Number(row['id'])), params.limit, String);
  return { runs: page.flatMap((id) => findRun(db, id) ?? []).map((facts) => runSummary(facts, kinOf(db, facts.run))), ...next };
}

/** A text that is too long to be shown is empty, which no JSON is. */
const shownTexts = (['inputs', 'vars', 'outputs'] as const).map((name) => `CASE WHEN length(${name}) > ${shownText} THEN '' ELSE ${name} END AS ${name}`).join(', ');

function shown(text: string | null): string | null | undefined {
  return text === '' ? undefined : text;
}

export function getRun(db: Database, { runId }: { readonly runId: number }): RunDetail | undefined {
  const facts = findRun(db, runId);
  if (facts === undefined) return undefined;
  const inputBytes = Number(db.sql('SELECT length(inputs) AS size FROM runs WHERE id = ?').get(runId)?.['size']);
  const { vars, outputs, inputs } = db.sql(`SELECT ${shownTexts} FROM runs WHERE id = ?`).get(runId) as Readonly<Record<keyof ShownTexts, string | null>>;
  const name = db.sql('SELECT name FROM queues WHERE id = ?');
  return runDetail(facts, { texts: { inputs: shown(inputs) ?? undefined, vars: shown(vars), outputs: shown(outputs) }, inputBytes, waits: waitsOf(db, runId), answers: answersOf(db, runId), kin: kinOf(db, facts.run), queueName: (id) => String(name.get(id)?.['name']) });
}

/** Those for runs are found by the runs: twenty thousand may wait, of which a few are shown. */
function waitsOf(db: Database, runId: number): readonly WaitViewRow[] {
  const columns = 'w.job_id, w.kind, w.name, w.child_id, j.due_at, s.name AS step';
  const others = db
    .sql(
      `SELECT ${columns} FROM waits w INDEXED BY waits_for_no_run CROSS JOIN jobs j ON j.id = w.job_id JOIN steps s ON s.id = j.step_id
       WHERE w.run_id = ? AND w.kind <> 'run' AND j.state = 'waiting' ORDER BY j.due_at, j.id LIMIT ${maxShownWaits}`,
    )
    .all(runId) as unknown as WaitViewRow[];
  const runs = db
    .sql(
      `SELECT ${columns} FROM runs c INDEXED BY runs_children CROSS JOIN waits w ON w.job_id = c.parent_job AND w.child_id = c.id CROSS JOIN jobs j ON j.id = w.job_id JOIN steps s ON s.id = j.step_id
       WHERE c.parent_run = ? AND c.state = 'running' AND j.state = 'waiting' ORDER BY c.id LIMIT ?`,
    )
    .all(runId, maxShownWaits - others.length) as unknown as WaitViewRow[];
  return [...others, ...runs];
}

function answersOf(db: Database, runId: number): readonly AnswerRow[] {
  return db.sql(`SELECT name, answered_by, answered_at FROM signals WHERE run_id = ? ORDER BY answered_at, name LIMIT ${maxShownAnswers}`).all(runId) as unknown as AnswerRow[];
}

/** Children are counted along an index: 1 ms for twenty thousand. */
function kinOf(db: Database, { id, parent_job: parentJob }: RunRow): RunKin {
  const rows = db.sql('SELECT state, count(*) AS n FROM runs WHERE parent_run = ? GROUP BY state').all(id);
  const children = Object.fromEntries(rows.map(({ state, n }) => [String(state), Number(n)]));
  const key = parentJob === null ? null : db.sql('SELECT item_key FROM jobs WHERE id = ?').get(parentJob)?.['item_key'];
  return { children, itemKey: typeof key === 'string' ? key : null };
}

export function findRun(db: Database, id: number): RunFacts | undefined {
  const run = db.sql(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(id) as RunRow | undefined;
  return run === undefined ? undefined : { run, steps: db.sql('SELECT * FROM steps WHERE run_id = ? ORDER BY position').all(id) as unknown as StepRow[] };
}

/** Asked whenever somebody rests the mouse on an expression, so the version that the run keeps is understood once. */
export function evaluate(db: Database, params: EvaluateParams, workflows: KeptWorkflows): ExpressionResult | undefined {
  return evaluated(params, (charge) => ({
    ...scopeSource(db, charge),
    run: (id) => findRun(db, id),
    workflow: (version) => understood(db, version, workflows),
  }));
}

/** A version that a run keeps; undefined if there is none. */
export function understood(db: Database, version: string, workflows: KeptWorkflows): Workflow | undefined {
  const known = workflows.known(version);
  if (known !== undefined) return known;
  const kept = keptWorkflow(db, version);
  return kept && workflows.understand(version, kept);
}

export function listSchedules(db: Database): readonly ScheduleRow[] {
  return db.sql('SELECT * FROM schedules WHERE removed = 0 ORDER BY workflow, id').all() as unknown as ScheduleRow[];
}

/** The text of a workflow's version; undefined if there is none. */
export function keptWorkflow(db: Database, version: string): KeptWorkflow | undefined {
  const row = db.sql('SELECT workflow, text FROM workflow_versions WHERE version = ?').get(version);
  return row && { workflow: String(row['workflow']), text: String(row['text']) };
}
