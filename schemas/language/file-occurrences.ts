import type { AnalysedFile, AnalysedFileOf } from '../workflow/analysis/analyse-files.ts';
import type { AnalysedStep } from '../workflow/analysis/step-analysis.ts';
import type { TemplateSite } from '../workflow/analysis/template-reader.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import { entryOf, nodeAt, type DocumentNode, type MapEntry, type ScalarNode } from '../workflow/document.ts';
import { expressionOccurrences } from './expression-occurrences.ts';
import type { SymbolKind, SymbolName, SymbolOccurrence } from './language-symbol.ts';

/** Every place of a file at which a symbol is named, in the order of the text. */
export function fileOccurrences(file: AnalysedFile): readonly SymbolOccurrence[] {
  const found = new FileOccurrences(file);
  switch (file.kind) {
    case 'workflow':
      found.workflow(file);
      break;
    case 'queues':
      found.keys(entryOf(file.analysis.document.root, 'queues'), 'queue', '');
      break;
    case 'connections':
      found.keys(entryOf(file.analysis.document.root, 'connections'), 'connection', '');
      found.expressions(file.analysis.sites, '');
      break;
    case 'config':
      found.names(entryOf(file.analysis.document.root, 'env')?.value, { kind: 'environment', scope: '' }, 'declaration');
      break;
  }
  return found.inOrder();
}

class FileOccurrences {
  readonly #path: string;
  readonly #text: string;
  /** By place: what an anchor holds is read once for each alias, but is in the text once. */
  readonly #found = new Map<string, SymbolOccurrence>();

  constructor({ file }: AnalysedFile) {
    this.#path = file.path;
    this.#text = file.text;
  }

  inOrder(): readonly SymbolOccurrence[] {
    return [...this.#found.values()].sort((a, b) => a.range.start - b.range.start);
  }

  workflow({ id, analysis }: AnalysedFileOf<'workflow'>): void {
    const { root } = analysis.document;
    const path = this.#path;
    // Its id is the file's name, so it has no place but the file's beginning.
    this.#add({ kind: 'workflow', name: id, scope: '' }, 'declaration', entryOf(root, 'name')?.keyRange ?? { start: 0, end: 0 });
    this.keys(entryOf(root, 'inputs'), 'input', path);
    this.names(entryOf(root, 'required')?.value, { kind: 'input', scope: path }, 'reference');
    this.keys(entryOf(root, 'queues'), 'queue', '');
    this.keys(entryOf(root, 'steps'), 'step', path);
    this.keys(entryOf(root, 'on-failure'), 'step', path);
    this.expressions(analysis.sites, '');
    for (const step of analysis.steps.values()) this.#step(step);
  }

  /** The keys of a map are names. */
  keys(entry: MapEntry | undefined, kind: SymbolKind, scope: string): void {
    if (entry?.value.kind !== 'map') return;
    for (const { key, keyRange } of entry.value.entries) this.#add({ kind, name: key, scope }, 'declaration', keyRange);
  }

  /** The texts of a list are names, or the one text that is in its stead. */
  names(node: DocumentNode | undefined, symbol: Omit<SymbolName, 'name'>, role: SymbolOccurrence['role']): void {
    if (node === undefined) return;
    for (const item of node.kind === 'list' ? node.items : [node]) {
      if (item.kind === 'scalar') this.#scalar(item, symbol, role);
    }
  }

  expressions(sites: readonly TemplateSite[], aliasScope: string): void {
    for (const { expressions, place } of sites) {
      for (const { expression, locate } of expressions) {
        for (const { kind, name, role, range, scope } of expressionOccurrences(expression, place)) {
          const at = locate(range);
          this.#add({ kind, name, scope: this.#scopeOf(kind, scope, aliasScope, locate) }, role, at);
        }
      }
    }
  }

  #step({ entry, section, sites }: AnalysedStep): void {
    const { key: id, value } = entry;
    const aliasScope = `${this.#path}\n${section}\n${id}`;
    this.names(entryOf(value, 'needs')?.value, { kind: 'step', scope: this.#path }, 'reference');
    this.names(entryOf(value, 'queue')?.value, { kind: 'queue', scope: '' }, 'reference');
    this.names(nodeAt(value, ['foreach', 'as']), { kind: 'alias', scope: aliasScope }, 'declaration');
    const uses = entryOf(value, 'uses')?.value;
    const action = uses?.kind === 'scalar' ? uses.value : undefined;
    if (action === 'email/send') this.names(nodeAt(value, ['with', 'connection']), { kind: 'connection', scope: '' }, 'reference');
    if (action === 'workflow/run') this.names(nodeAt(value, ['with', 'workflow']), { kind: 'workflow', scope: '' }, 'reference');
    this.expressions(sites, aliasScope);
  }

  #scopeOf(kind: SymbolKind, bound: SourceRange | undefined, aliasScope: string, locate: (range: SourceRange) => SourceRange): string {
    switch (kind) {
      case 'step':
      case 'input':
        return this.#path;
      case 'alias':
        return aliasScope;
      case 'variable':
        return `${this.#path}\n${bound === undefined ? '' : locate(bound).start}`;
      case 'workflow':
      case 'queue':
      case 'connection':
      case 'secret':
      case 'environment':
        return '';
    }
  }

  #scalar(node: ScalarNode, symbol: Omit<SymbolName, 'name'>, role: SymbolOccurrence['role']): void {
    const { value, source } = node;
    if (typeof value === 'string' && value !== '' && !value.includes('${{')) this.#add({ ...symbol, name: value }, role, source);
  }

  #add({ kind, name, scope }: SymbolName, role: SymbolOccurrence['role'], { start, end }: SourceRange): void {
    const isQuoted = /["']/.test(this.#text.charAt(start)) && end - start === name.length + 2;
    const range = isQuoted ? { start: start + 1, end: end - 1 } : { start, end };
    this.#found.set(`${range.start}\n${kind}\n${scope}`, { kind, name, scope, role, path: this.#path, range });
  }
}
