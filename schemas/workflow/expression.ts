import type { Json } from './json.ts';
import type { SourceRange } from './diagnostic.ts';

/** What expressions can see. Values are plain JSON; a property may be a getter, so that costly ones are loaded only when read. */
export type Scope = Readonly<Record<string, unknown>>;

/** A path that an expression reads, as far as it is written out: `steps.a.results[0]` gives `['steps', 'a', 'results']`. */
export interface Reference {
  readonly path: readonly string[];
  /** Within the expression's source. */
  readonly range: SourceRange;
}

/** A parsed CEL expression. Immutable, reusable, cheap to evaluate. */
export interface Expression {
  readonly source: string;
  readonly references: readonly Reference[];
}

/** Why an expression could not be parsed or evaluated; `range` is within its source. */
export interface ExpressionError {
  readonly kind: 'syntax' | 'unknown-function' | 'type' | 'missing' | 'limit' | 'evaluation';
  readonly message: string;
  readonly range: SourceRange;
}

export type ExpressionResult = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: ExpressionError };
export type ParseResult = { readonly ok: true; readonly expression: Expression } | { readonly ok: false; readonly error: ExpressionError };
