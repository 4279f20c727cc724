import { CodedError } from '../../schemas/protocol/error.ts';
import type { JobSummary } from '../../schemas/protocol/job.ts';
import { message } from '../../schemas/wording/message.ts';
import { ExpressionFault } from '../../schemas/workflow/expression/fault.ts';
import { evaluateExpression, type Expression, type ExpressionResult, isTruthy, parseExpression } from '../../schemas/workflow/expression/expression.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Step } from '../../schemas/workflow/model.ts';
import { priorStatus } from '../core/run-plan.ts';
import type { MutableScope } from '../core/run-scope.ts';
import { Book } from './book.ts';
import type { StepRow } from './row.ts';
import { scopeOf } from './scope.ts';
import { MissingFact, type Ask, type FactSource, type RunFacts, Snapshot } from './snapshot.ts';
import { parsedJson } from './view.ts';

export interface EvaluateParams {
  readonly runId: number;
  /** CEL. Anything that reads `secrets` is refused. */
  readonly expression: string;
  /** As this step sees it. */
  readonly step?: string;
  /** As this item of the step sees it; the first that is there if it is left out. */
  readonly index?: number;
  readonly env: Readonly<Record<string, string>>;
}

/** What an evaluation may ask for. */
export type EvaluationSource = Pick<FactSource, 'run' | 'workflow' | 'inputs' | 'trigger' | 'vars' | 'output' | 'results' | 'items' | 'largeOutput' | 'itemFrom'>;

/** JSON that one evaluation may read, in characters: a step can have a million results. */
const maxRead = 16 * 1024 * 1024;

const noIds = { next: 1, end: 1 };

/**
 * The value of an expression as the run, the step and the item would see it now; undefined if there is no such run. For a store that needn't wait for its
 * facts. `sourceOf`: each JSON text that is read is charged with its length.
 */
export function evaluate(params: EvaluateParams, sourceOf: (charge: (characters: number) => void) => EvaluationSource): ExpressionResult | undefined {
  const snapshot = snapshotFor(params);
  const source = sourceOf(readBudget());
  for (;;) {
    const evaluation = decideEvaluation(params, snapshot);
    if (!('missing' in evaluation)) return evaluation.result;
    try {
      snapshot.load(evaluation.missing, source);
    } catch (error) {
      return overBudget(params, error);
    }
  }
}

/** The same for a store that has to wait. */
export async function evaluateAwaited(params: EvaluateParams, load: (asks: readonly Ask[], snapshot: Snapshot, charge: (characters: number) => void) => Promise<void>): Promise<ExpressionResult | undefined> {
  const snapshot = snapshotFor(params);
  const charge = readBudget();
  for (;;) {
    const evaluation = decideEvaluation(params, snapshot);
    if (!('missing' in evaluation)) return evaluation.result;
    try {
      await load(evaluation.missing, snapshot, charge);
    } catch (error) {
      return overBudget(params, error);
    }
  }
}

function snapshotFor({ env }: EvaluateParams): Snapshot {
  return new Snapshot({ env, ids: { runs: noIds, steps: noIds, jobs: noIds }, maxLargeCharacters: maxRead });
}

function overBudget({ expression }: EvaluateParams, error: unknown): ExpressionResult {
  if (error instanceof ExpressionFault) return { ok: false, error: error.toError(expression) };
  throw error;
}

/** The same as `decide` for an expression: its value, or what it lacks. */
export function decideEvaluation(params: EvaluateParams, snapshot: Snapshot): { readonly result: ExpressionResult | undefined } | { readonly missing: readonly Ask[] } {
  const book = new Book(snapshot);
  try {
    const result = evaluated(book, params);
    // An expression takes what a scope throws for a failure of its own.
    return book.missing.length > 0 ? { missing: book.missing } : { result };
  } catch (error) {
    if (error instanceof MissingFact) return { missing: book.missing };
    throw error;
  }
}

function readBudget(): (characters: number) => void {
  let left = maxRead;
  return (characters) => {
    left -= characters;
    if (left < 0) throw new ExpressionFault('limit', `This expression reads more than ${maxRead / 1024 / 1024} MB of the run's data, the most that is looked at here. In the run itself it may read more.`);
  };
}

function evaluated(book: Book, params: EvaluateParams): ExpressionResult | undefined {
  const facts = book.fact('run', params.runId);
  if (facts === undefined) return undefined;
  const parsed = parseExpression(params.expression);
  if (!parsed.ok) return parsed;
  const secret = parsed.expression.references.find(({ path }) => path[0] === 'secrets');
  if (secret !== undefined) {
    return { ok: false, error: { kind: 'evaluation', message: 'The value of a secret is never shown: it is filled in only when an attempt starts.', range: secret.range } };
  }
  const { run, steps } = facts;
  const row = params.step === undefined ? undefined : steps.find(({ name }) => name === params.step);
  if (params.step !== undefined && row === undefined) return missing(params.expression, `This run has no step '${params.step}'.`);

  const scope = scopeOf(book.scopeFacts, run, steps, row?.started_at ?? run.created_at);
  const problem = row === undefined ? undefined : enterStep(book, scope, facts, row, params);
  return problem ?? wholly(evaluateExpression(parsed.expression, scope), params.expression);
}

/** With the large outputs in it, which are read only here if the expression just hands them on. */
function wholly(result: ExpressionResult, expression: string): ExpressionResult {
  if (!result.ok) return result;
  try {
    return { ok: true, value: JSON.parse(JSON.stringify(result.value)) as Json };
  } catch (error) {
    if (error instanceof ExpressionFault) return { ok: false, error: error.toError(expression) };
    throw error;
  }
}

/** Adds what only a step sees: how those before it ended, its job, and its item. */
function enterStep(book: Book, scope: MutableScope, { run, steps }: RunFacts, row: StepRow, { index, expression }: Pick<EvaluateParams, 'index' | 'expression'>): ExpressionResult | undefined {
  const workflow = book.fact('workflow', run.version);
  const group: Readonly<Record<string, Step>> = (row.on_failure === 1 ? workflow?.onFailure : workflow?.steps) ?? {};
  const step = group[row.name];
  const states = new Map(steps.map(({ name, state }) => [name, state]));
  scope['$status'] = step === undefined ? 'success' : priorStatus(step.needs, group, states);
  if (step?.foreach === undefined) {
    scope['job'] = {};
    return undefined;
  }
  const job = book.fact('itemFrom', JSON.stringify([row.id, index ?? 0]));
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

/** What a `where` may read besides the summary of a job; it can be large. */
export interface JobTexts {
  readonly payload: unknown;
  readonly item: unknown;
}

/** A condition on jobs. */
export class Where {
  readonly #expression: Expression;
  /** Whether it reads the payload or the item of a job: they have to be loaded for it. */
  readonly readsTexts: boolean;

  /** @throws CodedError `invalid-params` */
  constructor(source: string) {
    const parsed = parseExpression(source);
    if (!parsed.ok) throw new CodedError('invalid-params', message('`where` is not a valid expression: {problem}', { problem: parsed.error.message }));
    this.#expression = parsed.expression;
    this.readsTexts = parsed.expression.references.some(({ path: [first] }) => first === 'payload' || first === 'item');
  }

  /**
   * A field that a job doesn't have makes the expression fail for it; such a job isn't meant.
   *
   * @throws CodedError `invalid-params` where it can't be evaluated for any job
   */
  admits(summary: JobSummary, texts: JobTexts): boolean {
    const result = evaluateExpression(this.#expression, { ...summary, ...texts });
    if (result.ok) return isTruthy(result.value);
    if (result.error.kind === 'missing' || result.error.kind === 'type' || result.error.kind === 'evaluation') return false;
    throw new CodedError('invalid-params', message("`where` can't be evaluated: {problem}", { problem: result.error.message }));
  }
}
