import { analyseWorkflow } from '../../../../schemas/workflow/analysis/analyse-workflow.ts';
import type { ExpressionResult } from '../../../../schemas/workflow/expression.ts';
import { evaluate as evaluated, type EvaluateParams } from '../../../ledger/evaluating.ts';
import type { Database } from '../database.ts';
import { scopeSource } from '../run-scope-source.ts';
import { findRun } from './get-run.ts';

export function evaluate(db: Database, params: EvaluateParams): ExpressionResult | undefined {
  return evaluated(params, (charge) => ({
    ...scopeSource(db, charge),
    run: (id) => findRun(db, id),
    workflow: (version) => {
      const row = db.sql('SELECT workflow, text FROM workflow_versions WHERE version = ?').get(version);
      return row === undefined ? undefined : analyseWorkflow({ text: String(row['text']), id: String(row['workflow']), actions: 'any' }).workflow;
    },
  }));
}
