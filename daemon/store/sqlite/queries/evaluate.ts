import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import { ExpressionFault } from '../../../../schemas/workflow/expression-fault.ts';
import type { ExpressionResult } from '../../../../schemas/workflow/expression.ts';
import type { Workflow } from '../../../../schemas/workflow/model.ts';
import { evaluate as evaluated, type EvaluateParams, type ItemFacts } from '../../../ledger/evaluating.ts';
import type { Database } from '../database.ts';
import { inputsOf, outputOf, resultsOf } from '../run-scope-source.ts';
import { findRun } from './get-run.ts';

/** JSON that one evaluation may read from the store, in characters: a step can have a million results. */
const maxRead = 16 * 1024 * 1024;

/** The value of an expression as the run, the step and the item would see it now. Undefined where there is no such run. */
export function evaluate(db: Database, params: EvaluateParams): ExpressionResult | undefined {
  const facts = findRun(db, params.runId);
  if (facts === undefined) return undefined;
  const tables = { db, charge: budget(maxRead) };
  return evaluated(params, {
    ...facts,
    scope: { env: params.env, inputs: (runId) => inputsOf(tables, runId), output: (stepId) => outputOf(tables, stepId), results: (stepId) => resultsOf(tables, stepId) },
    workflow: () => workflowOf(db, facts.run.version),
    itemFrom: (stepId, index) =>
      db
        .sql('SELECT j.item_index, j.item_key, p.item FROM jobs j JOIN payloads p ON p.job_id = j.id WHERE j.step_id = ? AND j.item_index >= ? ORDER BY j.item_index LIMIT 1')
        .get(stepId, index) as ItemFacts | undefined,
  });
}

/** The version that the run keeps, whatever its file says by now. */
function workflowOf(db: Database, version: string): Workflow | undefined {
  const row = db.sql('SELECT workflow, text FROM workflow_versions WHERE version = ?').get(version);
  return row === undefined ? undefined : analyseWorkflow({ text: String(row['text']), id: String(row['workflow']), actions: 'any' }).workflow;
}

function budget(characters: number): (read: number) => void {
  let left = characters;
  return (read) => {
    left -= read;
    if (left < 0) throw new ExpressionFault('limit', `This expression reads more than ${Math.round(characters / 1024 / 1024)} MB of the run's data, the most that is looked at here. In the run itself it may read it all.`);
  };
}
