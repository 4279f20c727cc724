import { english, languageOf, type Language } from '../../../schemas/wording/language.ts';
import { isJsonObject } from '../../../schemas/workflow/json.ts';

/**
 * The language that an editor asks for (`locale` of LSP 3.16), with `translations` of its `initializationOptions`: texts by their English patterns,
 * as `vscode.l10n.bundle` has them. English without them.
 */
export function toldLanguage(locale = '', initializationOptions: unknown): Language {
  const translations = isJsonObject(initializationOptions) ? initializationOptions['translations'] : undefined;
  if (!isJsonObject(translations)) return english;
  const [canonical = english.locale] = canonicalLocales(locale);
  return languageOf(canonical, (pattern) => {
    const translated = Object.hasOwn(translations, pattern) ? translations[pattern] : undefined;
    return typeof translated === 'string' ? translated : pattern;
  });
}

/** Nothing for what is not a language tag (BCP 47). */
function canonicalLocales(locale: string): readonly string[] {
  try {
    return Intl.getCanonicalLocales(locale);
  } catch {
    return [];
  }
}
