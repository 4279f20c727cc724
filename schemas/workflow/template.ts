import type { Expression } from './expression.ts';
import type { Json } from './json.ts';

/**
 * A JSON value whose strings may hold `${{ }}` expressions.
 * `text` keeps mixed strings as parts; `expression` is a string that is one expression and keeps its type.
 */
export type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Template])[] };

/**
 * A place in a rendered payload that holds a secret. The payload's text there shows the reference
 * (`Bearer ${{ secrets.TOKEN }}`); only these places are ever filled in, so data that merely looks like a reference stays data.
 */
export interface SecretUse {
  /** Keys and indexes from the payload's root. */
  readonly path: readonly (string | number)[];
  readonly parts: readonly (string | { readonly secret: string })[];
}

export interface Rendered {
  readonly value: Json;
  readonly secrets: readonly SecretUse[];
}
