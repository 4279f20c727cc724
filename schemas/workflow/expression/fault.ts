import type { SourceRange } from '../diagnostic.ts';

/** Why an expression could not be parsed or evaluated; `range` is within its source. */
export interface ExpressionError {
  /**
   * - `syntax`: not CEL;
   * - `unknown-function`: calls what does not exist;
   * - `type`: a value of the wrong kind, or a wrong number of arguments;
   * - `missing`: a name, field or list element that isn't there;
   * - `limit`: too long, too deep, too much work, or a result too large;
   * - `evaluation`: anything else, such as a division by zero.
   */
  readonly kind: 'syntax' | 'unknown-function' | 'type' | 'missing' | 'limit' | 'evaluation';
  readonly message: string;
  readonly range: SourceRange;
}

export type ExpressionErrorKind = ExpressionError['kind'];

/**
 * An {@link ExpressionError} on its way out of an evaluation. Thrown inside of it only: every public function turns it into a value.
 * A function that has no place in the source throws it without `range`; the call around it adds its own.
 */
export class ExpressionFault extends Error {
  readonly kind: ExpressionErrorKind;
  range: SourceRange | undefined;
  readonly #explain: string | (() => string);

  /** An explanation that takes time, such as a search for the nearest name, is made only if somebody gets to read it: `a.b == 1 || true` throws it away. */
  constructor(kind: ExpressionErrorKind, explain: string | (() => string), range?: SourceRange) {
    super(typeof explain === 'string' ? explain : kind);
    this.kind = kind;
    this.range = range;
    this.#explain = explain;
  }

  toError(source: string): ExpressionError {
    const message = typeof this.#explain === 'string' ? this.#explain : this.#explain();
    return { kind: this.kind, message, range: this.range ?? { start: 0, end: source.length } };
  }
}
