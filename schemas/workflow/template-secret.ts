import { isJsonObject, type Json } from './json.ts';

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

/** The text of a place that holds secrets, as it is stored and shown. */
export function shownText(parts: SecretUse['parts']): string {
  return parts.map((part) => (typeof part === 'string' ? part : referenceText(part.secret))).join('');
}

/**
 * A copy of a payload with its secrets filled in; parts without secrets are shared with the original. A place is filled only while its
 * text is still the one that was rendered: what somebody has written over it stays as it is. `lookup` throws where it has no such secret.
 */
export function fillSecrets(rendered: Rendered, lookup: (name: string) => string): Json {
  return rendered.secrets.reduce((value, use) => fill(value, use, 0, lookup), rendered.value);
}

function fill(value: Json, use: SecretUse, depth: number, lookup: (name: string) => string): Json {
  const key = use.path[depth];
  if (key === undefined) {
    if (value !== shownText(use.parts)) return value;
    return use.parts.map((part) => (typeof part === 'string' ? part : lookup(part.secret))).join('');
  }
  if (typeof key === 'number') {
    if (!Array.isArray(value)) return value;
    const list: readonly Json[] = value;
    return list.map((item, index) => (index === key ? fill(item, use, depth + 1, lookup) : item));
  }
  if (!isJsonObject(value) || !Object.hasOwn(value, key)) return value;
  // Not by assignment, because a key may be `__proto__`.
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, name === key ? fill(item, use, depth + 1, lookup) : item]));
}

function referenceText(secret: string): string {
  return `\${{ secrets.${secret} }}`;
}
