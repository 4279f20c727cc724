/** A made-up language: every text that can be translated, in brackets. What is left outside of brackets was not translated. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readPlural } from '../../schemas/wording/message.ts';
import { bundleFile } from '../../scripts/translatable-texts.ts';

/** By the English pattern, as a translator's bundle has them. */
export function bracketTranslations(): Readonly<Record<string, string>> {
  const bundle = JSON.parse(readFileSync(path.join(import.meta.dirname, '../..', bundleFile), 'utf8')) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.keys(bundle).map((pattern) => [pattern, bracketed(pattern)]));
}

function bracketed(pattern: string): string {
  const plural = readPlural(pattern);
  if (plural === undefined) return `[${pattern}]`;
  return `{${plural.count}, plural, ${[...plural.forms].map(([form, text]) => `${form} {[${text}]}`).join(' ')}}`;
}

/** What stands outside of brackets: nothing but spaces and signs between texts, if all of it was translated. */
export function outsideBrackets(text: string): string {
  let depth = 0;
  let outside = '';
  for (const sign of text) {
    if (sign === '[') depth += 1;
    else if (sign === ']') depth -= 1;
    else if (depth === 0) outside += sign;
  }
  return outside.trim();
}
