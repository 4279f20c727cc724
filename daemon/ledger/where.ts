import { CodedError } from '../../schemas/protocol/error.ts';
import type { JobSummary } from '../../schemas/protocol/job.ts';
import { evaluateExpression, isTruthy, parseExpression, type Expression } from '../../schemas/workflow/expression.ts';

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
    if (!parsed.ok) throw new CodedError('invalid-params', `\`where\` is no valid expression: ${parsed.error.message}`);
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
    throw new CodedError('invalid-params', `\`where\` can't be evaluated: ${result.error.message}`);
  }
}
