import type { ExpressionResult } from '../../../../schemas/workflow/expression.ts';
import type { KeptWorkflow, KeptWorkflows } from '../../../core/kept-workflows.ts';
import { evaluate as evaluated, type EvaluateParams } from '../../../ledger/evaluating.ts';
import type { Database } from '../database.ts';
import { scopeSource } from '../run-scope-source.ts';
import { findRun } from './get-run.ts';

/** Asked whenever somebody rests the mouse on an expression, so the version that the run keeps is understood once. */
export function evaluate(db: Database, params: EvaluateParams, workflows: KeptWorkflows): ExpressionResult | undefined {
  return evaluated(params, (charge) => ({
    ...scopeSource(db, charge),
    run: (id) => findRun(db, id),
    workflow: (version) => {
      const known = workflows.known(version);
      if (known !== undefined) return known;
      const kept = keptWorkflow(db, version);
      return kept && workflows.understand(version, kept);
    },
  }));
}

/** The text of a workflow's version; undefined where there is none. */
export function keptWorkflow(db: Database, version: string): KeptWorkflow | undefined {
  const row = db.sql('SELECT workflow, text FROM workflow_versions WHERE version = ?').get(version);
  return row && { workflow: String(row['workflow']), text: String(row['text']) };
}
