import type { SourceRange } from '../workflow/diagnostic.ts';

/**
 * What has a name that other places use. `value` is one of `vars`, `alias` the name that `foreach` gives the item, `variable` one that a macro binds within an
 * expression, `environment` a variable that `config.yaml` allows.
 */
export type SymbolKind = 'workflow' | 'step' | 'queue' | 'connection' | 'secret' | 'input' | 'value' | 'alias' | 'variable' | 'environment';

export interface SymbolName {
  readonly kind: SymbolKind;
  readonly name: string;
  /** Where the name holds: empty for the project, a file's path, or a place within a file. Two names in two scopes are two symbols. */
  readonly scope: string;
}

/** One place at which a symbol is named. */
export interface SymbolOccurrence extends SymbolName {
  readonly role: 'declaration' | 'reference';
  /** The file's path. */
  readonly path: string;
  /** The name alone, without quotes. */
  readonly range: SourceRange;
}

/** A symbol with every place at which the project names it. Secrets have no declaration, and the default name of an item neither. */
export interface LanguageSymbol extends SymbolName {
  readonly declarations: readonly SymbolOccurrence[];
  readonly references: readonly SymbolOccurrence[];
}

/** Equal for two names of one symbol, and for no others. */
export function symbolKey({ kind, name, scope }: SymbolName): string {
  return `${kind}\n${scope}\n${name}`;
}
