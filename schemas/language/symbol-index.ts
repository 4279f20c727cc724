import type { LanguageFile } from './language-file.ts';
import { symbolKey, type LanguageSymbol, type SymbolKind, type SymbolName, type SymbolOccurrence } from './language-symbol.ts';

/** Every symbol of a project, with every place that names it. */
export class SymbolIndex {
  readonly #symbols: ReadonlyMap<string, LanguageSymbol>;
  readonly #files: ReadonlyMap<string, readonly SymbolOccurrence[]>;

  constructor(files: Iterable<LanguageFile>) {
    const all = [...files];
    this.#files = new Map(all.map(({ path, occurrences }) => [path, occurrences]));
    const byKey = Map.groupBy(all.flatMap(({ occurrences }) => occurrences), symbolKey);
    this.#symbols = new Map(
      [...byKey].flatMap(([key, occurrences]) => {
        const [first] = occurrences;
        if (first === undefined) return [];
        const { kind, name, scope } = first;
        const declarations = occurrences.filter(({ role }) => role === 'declaration');
        return [[key, { kind, name, scope, declarations, references: occurrences.filter(({ role }) => role === 'reference') }]];
      }),
    );
  }

  get(name: SymbolName): LanguageSymbol | undefined {
    return this.#symbols.get(symbolKey(name));
  }

  /** Those of a kind, in the order of files and texts; `scope` narrows it to names that hold there. */
  ofKind(kind: SymbolKind, scope?: string): readonly LanguageSymbol[] {
    return [...this.#symbols.values()].filter((symbol) => symbol.kind === kind && (scope === undefined || symbol.scope === scope));
  }

  /** The occurrence at an offset of a file: its ends count as within. */
  occurrenceAt(path: string, offset: number): SymbolOccurrence | undefined {
    return this.#files.get(path)?.find(({ range }) => range.start <= offset && offset <= range.end && range.start < range.end);
  }

  /** The symbol that is named at an offset of a file. */
  at(path: string, offset: number): LanguageSymbol | undefined {
    const occurrence = this.occurrenceAt(path, offset);
    return occurrence && this.get(occurrence);
  }
}
