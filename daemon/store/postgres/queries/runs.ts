import type { KeptWorkflow, KeptWorkflows } from '../../../core/kept-workflows.ts';
import { evaluateAwaited, type EvaluateParams } from '../../../ledger/evaluating.ts';
import { pageOf, runBefore } from '../../../ledger/page.ts';
import type { ScheduleRow } from '../../../ledger/row.ts';
import { type AnswerRow, type RunKin, runDetail, runSummary, shownText, type ShownTexts, type WaitViewRow } from '../../../ledger/view.ts';
import { maxShownAnswers, maxShownWaits, type RunDetail, type RunSummary } from '../../../../schemas/protocol/run.ts';
import type { ExpressionResult } from '../../../../schemas/workflow/expression/expression.ts';
import type { ListRunsParams } from '../../store.ts';
import { DaemonMemory } from '../daemon-memory.ts';
import { nothingUnsure, type Load } from '../facts/loading.ts';
import { runFacts, runsWithSteps } from '../facts/run-facts.ts';
import { scopeFacts } from '../facts/text-facts.ts';
import { list } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { Conditions } from './conditions.ts';

/** Newest first. */
export async function listRuns(tx: Transaction, { workflow, state, parentRun, cursor, limit }: ListRunsParams): Promise<{ readonly runs: RunSummary[]; readonly next?: string }> {
  const where = new Conditions();
  if (workflow !== undefined) where.add(($) => `workflow = ${$(workflow)}`);
  if (state !== undefined) where.add(($) => `state = ${$(state)}`);
  if (parentRun === null) where.add(() => 'parent_run IS NULL');
  else if (parentRun !== undefined) where.add(($) => `parent_run = ${$(parentRun)}`);
  if (cursor !== undefined) where.add(($) => `id < ${$(runBefore(cursor))}`);
  const ids = await tx.values(`SELECT id FROM runs ${where.text} ORDER BY id DESC LIMIT ${where.$(limit + 1)}`, where.values);
  const { page, next } = pageOf(ids.map(([id]) => Number(id)), limit, String);
  const [found, kinOf] = await Promise.all([runsWithSteps(tx, page), kinOfRuns(tx, page)]);
  const facts = new Map(found.map((one) => [one.run.id, one]));
  return { runs: page.flatMap((id) => facts.get(id) ?? []).map((one) => runSummary(one, kinOf(one.run.id))), ...next };
}

/** A text that is too long to be shown is empty, which no JSON is. */
const shownTexts = (['inputs', 'vars', 'outputs'] as const).map((name) => `CASE WHEN length(${name}) > ${shownText} THEN '' ELSE ${name} END AS ${name}`).join(', ');

export async function getRun(tx: Transaction, { runId }: { readonly runId: number }): Promise<RunDetail | undefined> {
  const [[facts], texts, waits, answers, kinOf] = await Promise.all([
    runsWithSteps(tx, [runId]),
    tx.one(`SELECT ${shownTexts}, length(inputs) AS size FROM runs WHERE id = $1`, [runId]),
    waitsOf(tx, runId),
    tx.rows(`SELECT name, answered_by, answered_at FROM signals WHERE run_id = $1 ORDER BY answered_at, name LIMIT ${maxShownAnswers}`, [runId]),
    kinOfRuns(tx, [runId]),
  ]);
  if (facts === undefined || texts === undefined) return undefined;
  const names = new Map((await tx.values('SELECT id, name FROM queues WHERE id = ANY ($1::bigint[])', [list(new Set(facts.steps.map(({ queue_id: id }) => id)))])).map(([id, name]) => [Number(id), String(name)]));
  const { inputs, vars, outputs } = texts as unknown as Readonly<Record<keyof ShownTexts, string | null>>;
  return runDetail(facts, {
    texts: { inputs: shown(inputs) ?? undefined, vars: shown(vars), outputs: shown(outputs) },
    inputBytes: Number(texts['size']),
    waits,
    answers: answers as unknown as readonly AnswerRow[],
    kin: kinOf(runId),
    queueName: (id) => names.get(id) ?? '',
  });
}

/** Those for runs are found by the runs: twenty thousand may wait, of which a few are shown. */
async function waitsOf(tx: Transaction, runId: number): Promise<readonly WaitViewRow[]> {
  const columns = 'w.job_id, w.kind, w.name, w.child_id, j.due_at, s.name AS step';
  const [others, runs] = await Promise.all([
    tx.rows(
      `SELECT ${columns} FROM waits w JOIN jobs j ON j.id = w.job_id JOIN steps s ON s.id = j.step_id
       WHERE w.run_id = $1 AND w.kind <> 'run' AND j.state = 'waiting' ORDER BY j.due_at, j.id LIMIT ${maxShownWaits}`,
      [runId],
    ),
    tx.rows(
      `SELECT ${columns} FROM runs c JOIN waits w ON w.job_id = c.parent_job AND w.child_id = c.id JOIN jobs j ON j.id = w.job_id JOIN steps s ON s.id = j.step_id
       WHERE c.parent_run = $1 AND c.state = 'running' AND j.state = 'waiting' ORDER BY c.id LIMIT ${maxShownWaits}`,
      [runId],
    ),
  ]);
  return [...others, ...runs].slice(0, maxShownWaits) as unknown as readonly WaitViewRow[];
}

/** Children are counted along an index. */
async function kinOfRuns(tx: Transaction, ids: readonly number[]): Promise<(runId: number) => RunKin> {
  const [counts, keys] = await Promise.all([
    tx.values('SELECT parent_run, state, count(*) FROM runs WHERE parent_run = ANY ($1::bigint[]) GROUP BY parent_run, state', [list(ids)]),
    tx.values('SELECT r.id, j.item_key FROM runs r JOIN jobs j ON j.id = r.parent_job WHERE r.id = ANY ($1::bigint[]) AND j.item_key IS NOT NULL', [list(ids)]),
  ]);
  const children = Map.groupBy(counts, ([parent]) => Number(parent));
  const itemKeys = new Map(keys.map(([id, key]) => [Number(id), String(key)]));
  return (id) => ({ children: Object.fromEntries((children.get(id) ?? []).map(([, state, count]) => [String(state), Number(count)])), itemKey: itemKeys.get(id) ?? null });
}

function shown(text: string | null): string | null | undefined {
  return text === '' ? undefined : text;
}

/** Asked whenever somebody rests the mouse on an expression, so the version that the run keeps is understood once. */
export function evaluate(tx: Transaction, params: EvaluateParams, workflows: KeptWorkflows): Promise<ExpressionResult | undefined> {
  const loading = { tx, memory: Object.assign(new DaemonMemory(), { workflows }), unsure: nothingUnsure(), ids: { runs: [], steps: [], jobs: [], deliveries: [] } };
  return evaluateAwaited(params, async (asks, snapshot, charge) => {
    const loads = { ...scopeFacts(charge), run: runFacts.run, workflow: runFacts.workflow };
    for (const [kind, some] of Map.groupBy(asks, (ask) => ask.kind)) await (loads[kind as keyof typeof loads] as Load<'run'>)(loading, some as never, snapshot);
  });
}

export async function listSchedules(tx: Transaction): Promise<readonly ScheduleRow[]> {
  return (await tx.rows('SELECT * FROM schedules WHERE removed = 0 ORDER BY workflow COLLATE "C", id')) as unknown as readonly ScheduleRow[];
}

/** The text of a workflow's version; undefined if there is none. */
export async function workflowVersion(tx: Transaction, { version }: { readonly version: string }): Promise<KeptWorkflow | undefined> {
  const row = await tx.one('SELECT workflow, text FROM workflow_versions WHERE version = $1', [version]);
  return row && { workflow: String(row['workflow']), text: String(row['text']) };
}
