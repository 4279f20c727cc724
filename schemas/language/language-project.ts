import { analyseFiles, type AnalysedFiles, type ProjectFile, type ProjectOptions } from '../workflow/analysis/analyse-files.ts';
import { joinFiles, type ProjectAnalysis } from '../workflow/analysis/analyse-project.ts';
import { type Advice, advisedProject } from './advice/advice.ts';
import { runAdvice } from './advice/run-advice.ts';
import { LanguageFile } from './language-file.ts';
import { symbolKey, type LanguageSymbol, type SymbolKind, type SymbolName, type SymbolOccurrence } from './language-symbol.ts';

export interface LanguageOptions extends ProjectOptions {
  /** The URI of a file by its path. Left out, paths stand as they are. */
  readonly uriOf?: (path: string) => string;
}

/**
 * What the editor knows of a project: every file, read and analysed, and what they mean together. Immutable; a change gives a new one,
 * which takes over whatever the change doesn't touch. All features of `schemas/language/` are functions over it.
 */
export class LanguageProject {
  /** By path, in its order. Files that are none of the project's are left out. */
  readonly files: ReadonlyMap<string, LanguageFile>;
  readonly #options: LanguageOptions;
  readonly #analysed: AnalysedFiles;
  #analysis: ProjectAnalysis | undefined;
  #advice: ReadonlyMap<string, readonly Advice[]> | undefined;
  #symbols: SymbolIndex | undefined;

  static of(files: Iterable<ProjectFile>, options: LanguageOptions = {}): LanguageProject {
    return new LanguageProject(files, options);
  }

  private constructor(files: Iterable<ProjectFile>, options: LanguageOptions, earlier?: LanguageProject) {
    this.#options = options;
    this.#analysed = analyseFiles(files, options, earlier === undefined ? undefined : earlier.#analysed);
    this.files = new Map(
      [...this.#analysed.byPath].map(([path, analysed]) => {
        const kept = earlier?.files.get(path);
        return [path, kept?.analysed === analysed ? kept : new LanguageFile(analysed)];
      }),
    );
  }

  /** What the files mean together, with the diagnostics of each: the same that `sluice validate` gives. */
  get analysis(): ProjectAnalysis {
    return (this.#analysis ??= joinFiles(this.#analysed));
  }

  /** What is right and yet could be better, of each file: the same that `sluice validate` gives. */
  get advice(): ReadonlyMap<string, readonly Advice[]> {
    return (this.#advice ??= runAdvice(advisedProject(this.#analysed.byPath.values())));
  }

  get symbols(): SymbolIndex {
    return (this.#symbols ??= new SymbolIndex(this.files.values()));
  }

  /** Names of the secrets that are set; undefined if that isn't known. */
  get secrets(): readonly string[] | undefined {
    const { secrets } = this.#analysed.options;
    return secrets && [...secrets];
  }

  uriOf(path: string): string {
    return this.#options.uriOf?.(path) ?? path;
  }

  /** With files added or their texts replaced. */
  with(...files: readonly ProjectFile[]): LanguageProject {
    const all = new Map<string, ProjectFile>([...this.files].map(([path, { analysed }]) => [path, analysed.file]));
    for (const file of files) all.set(file.path, file);
    return new LanguageProject(all.values(), this.#options, this);
  }

  without(path: string): LanguageProject {
    return new LanguageProject([...this.files.values()].flatMap(({ analysed }) => (analysed.file.path === path ? [] : [analysed.file])), this.#options, this);
  }

  /** With other names of secrets; undefined: not known, so any will do. */
  withSecrets(secrets: readonly string[] | undefined): LanguageProject {
    const { secrets: _, ...others } = this.#options;
    return new LanguageProject([...this.files.values()].map(({ analysed }) => analysed.file), { ...others, ...(secrets === undefined ? {} : { secrets }) }, this);
  }
}

/** Every symbol of a project, with every place that names it. */
class SymbolIndex {
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
