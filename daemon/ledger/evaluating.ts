import { evaluateExpression, parseExpression, type ExpressionResult } from '../../schemas/workflow/expression.ts';
import type { Step, Workflow } from '../../schemas/workflow/model.ts';
import { priorStatus } from '../core/run-plan.ts';
import type { MutableScope } from '../core/run-scope.ts';
import type { JobRow, PayloadRow, StepRow } from './row.ts';
import { scopeOf, type ScopeFacts } from './scope.ts';
import type { RunFacts } from './snapshot.ts';
import { parsedJson } from './view.ts';

export interface EvaluateParams {
  readonly runId: number;
  /** CEL. Anything that reads `secrets` is refused. */
  readonly expression: string;
  /** As this step sees it. */
  readonly step?: string;
  /** As this item of the step sees it; the first that is there where it is left out. */
  readonly index?: number;
  readonly env: Readonly<Record<string, string>>;
}

/** What an evaluation reads. */
export interface EvaluationFacts extends RunFacts {
  readonly scope: ScopeFacts;
  /** The version that the run keeps, whatever its file says by now; undefined where it can't be read. */
  workflow(): Workflow | undefined;
  /** The first item of a step from that place on. */
  itemFrom(stepId: number, index: number): ItemFacts | undefined;
}

export type ItemFacts = Pick<JobRow, 'item_index' | 'item_key'> & Pick<PayloadRow, 'item'>;

/** The value of an expression as the run, the step and the item would see it now. */
export function evaluate(params: Omit<EvaluateParams, 'runId' | 'env'>, facts: EvaluationFacts): ExpressionResult {
  const parsed = parseExpression(params.expression);
  if (!parsed.ok) return parsed;
  const secret = parsed.expression.references.find(({ path }) => path[0] === 'secrets');
  if (secret !== undefined) {
    return { ok: false, error: { kind: 'evaluation', message: 'The value of a secret is never shown: it is filled in only when an attempt starts.', range: secret.range } };
  }
  const { run, steps } = facts;
  const row = params.step === undefined ? undefined : steps.find(({ name }) => name === params.step);
  if (params.step !== undefined && row === undefined) return missing(params.expression, `This run has no step '${params.step}'.`);

  const scope = scopeOf(facts.scope, run, steps, row?.started_at ?? run.created_at);
  const problem = row === undefined ? undefined : enterStep(scope, facts, row, params);
  return problem ?? evaluateExpression(parsed.expression, scope);
}

/** Adds what only a step sees: how those before it ended, its job, and its item. */
function enterStep(scope: MutableScope, facts: EvaluationFacts, row: StepRow, { index, expression }: Pick<EvaluateParams, 'index' | 'expression'>): ExpressionResult | undefined {
  const workflow = facts.workflow();
  const group: Readonly<Record<string, Step>> = (row.on_failure === 1 ? workflow?.onFailure : workflow?.steps) ?? {};
  const step = group[row.name];
  const states = new Map(facts.steps.map(({ name, state }) => [name, state]));
  scope['$status'] = step === undefined ? 'success' : priorStatus(step.needs, group, states);
  if (step?.foreach === undefined) {
    scope['job'] = {};
    return undefined;
  }
  const job = facts.itemFrom(row.id, index ?? 0);
  if (job === undefined || (index !== undefined && job.item_index !== index)) {
    // What has nothing to do with an item has a value all the same.
    return index === undefined ? undefined : missing(expression, `The step '${row.name}' has no item ${index}${row.expanded === 1 ? '' : ' yet'}.`);
  }
  scope[step.foreach.as] = parsedJson(job.item);
  scope['job'] = { index: job.item_index, key: job.item_key };
  return undefined;
}

function missing(expression: string, message: string): ExpressionResult {
  return { ok: false, error: { kind: 'missing', message, range: { start: 0, end: expression.length } } };
}
