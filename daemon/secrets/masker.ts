import { isJsonObject, type Json } from '../../schemas/workflow/json.ts';
import { secretPatterns } from './secret-pattern.ts';

/** What stands in the place of a secret. */
export const mask = '***';

/**
 * Shorter values are not masked, in characters: they turn up everywhere by chance, and masking them would make texts
 * unreadable and show where they stand. Whoever keeps so short a secret keeps none.
 */
export const minMaskedLength = 4;

/**
 * Replaces the values of secrets in whatever is kept or shown, in all the forms that `secretPatterns` lists. Immutable;
 * made anew when the secrets change.
 *
 * Text without a secret costs one scan, and comes back as the same string or the same tree.
 */
export class Masker {
  readonly #pattern: RegExp | undefined;
  readonly #numeric: boolean;

  constructor(secrets: Iterable<string>) {
    const long = [...new Set(secrets)].filter((secret) => secret.trim().length >= minMaskedLength);
    const patterns = long.flatMap(secretPatterns).filter(({ length }) => length >= minMaskedLength);
    // The longest first, because an alternation takes what matches first, not what matches most.
    const sources = new Set(patterns.sort((one, other) => other.length - one.length).map(({ source }) => source));
    this.#pattern = sources.size === 0 ? undefined : new RegExp([...sources].join('|'), 'g');
    this.#numeric = long.some((secret) => secret.trim() !== '' && Number.isFinite(Number(secret)));
  }

  /** The text with each secret replaced by `mask`. Secrets that overlap are masked together. */
  text(text: string): string {
    const pattern = this.#pattern;
    if (pattern === undefined) return text;
    pattern.lastIndex = 0;
    let match = pattern.exec(text);
    if (match === null) return text;
    let masked = '';
    let shown = 0;
    while (match !== null) {
      let end = match.index + match[0].length;
      masked += text.slice(shown, match.index) + mask;
      // Searching on from the next character, not from the end: another secret may begin within this one.
      for (;;) {
        pattern.lastIndex = match.index + 1;
        match = pattern.exec(text);
        if (match === null || match.index >= end) break;
        end = Math.max(end, match.index + match[0].length);
      }
      shown = end;
    }
    return masked + text.slice(shown);
  }

  /**
   * The tree with all its strings and keys masked, and numbers that are secrets; the same tree where there is nothing
   * to mask.
   */
  json(value: Json): Json {
    if (this.#pattern === undefined) return value;
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.#numeric ? this.#number(value) : value;
    if (isJsonObject(value)) {
      const entries = Object.entries(value);
      const masked = entries.map(([key, child]): [string, Json] => [this.text(key), this.json(child)]);
      const same = entries.every(([key, child], index) => masked[index]?.[0] === key && masked[index][1] === child);
      return same ? value : Object.fromEntries(masked);
    }
    if (typeof value !== 'object' || value === null) return value;
    const list = value.map((child) => this.json(child));
    return list.some((child, index) => child !== value[index]) ? list : value;
  }

  #number(value: number): Json {
    const text = String(value);
    const masked = this.text(text);
    return masked === text ? value : masked;
  }
}
