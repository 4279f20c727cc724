import { actionDefinitions } from '../workflow/actions/action-definitions.ts';
import type { AnalysedFile, AnalysedFileOf } from '../workflow/analysis/analyse-files.ts';
import type { ExpressionPlace } from '../workflow/analysis/expression-scope.ts';
import type { AnalysedStep } from '../workflow/analysis/step-analysis.ts';
import type { TemplateSite } from '../workflow/analysis/template-reader.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import { type DocumentNode, entryOf, type MapEntry, nodeAt, type ScalarNode } from '../workflow/document.ts';
import { type ASTNode, bindingOf, childrenOf, keyRangeOf, writtenPath } from '../workflow/expression/ast.ts';
import { type Expression, treeOf } from '../workflow/expression/expression.ts';
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
      found.receivers(entryOf(file.analysis.document.root, 'alerts')?.value);
      found.expressions(file.analysis.sites, '');
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
    this.keys(entryOf(root, 'vars'), 'value', path);
    this.keys(entryOf(root, 'queues'), 'queue', '');
    this.keys(entryOf(root, 'steps'), 'step', path);
    this.keys(entryOf(root, 'on-failure'), 'step', path);
    this.expressions(analysis.sites, '');
    for (const step of analysis.steps.values()) this.#step(step);
  }

  /** `alerts` of `config.yaml`. */
  receivers(node: DocumentNode | undefined): void {
    for (const item of node?.kind === 'list' ? node.items : []) this.names(entryOf(item, 'connection')?.value, { kind: 'connection', scope: '' }, 'reference');
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
    if (actionDefinitions.some(({ name, connection }) => name === action && connection !== undefined)) this.names(nodeAt(value, ['with', 'connection']), { kind: 'connection', scope: '' }, 'reference');
    if (action === 'workflow/run') this.names(nodeAt(value, ['with', 'workflow']), { kind: 'workflow', scope: '' }, 'reference');
    this.expressions(sites, aliasScope);
  }

  #scopeOf(kind: SymbolKind, bound: SourceRange | undefined, aliasScope: string, locate: (range: SourceRange) => SourceRange): string {
    switch (kind) {
      case 'step':
      case 'input':
      case 'value':
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

/** A name within an expression. */
export interface ExpressionOccurrence {
  readonly kind: SymbolKind;
  readonly name: string;
  readonly role: SymbolOccurrence['role'];
  /** Within the source of the expression. */
  readonly range: SourceRange;
  /** For a variable: where it is bound. */
  readonly scope?: SourceRange;
}

const members: ReadonlyMap<string, SymbolKind> = new Map<string, SymbolKind>([['inputs', 'input'], ['vars', 'value'], ['steps', 'step'], ['secrets', 'secret'], ['env', 'environment']]);

/** Every name of a symbol that an expression uses. */
function expressionOccurrences(expression: Expression, { item }: Pick<ExpressionPlace, 'item'>): readonly ExpressionOccurrence[] {
  const found: ExpressionOccurrence[] = [];
  collect(treeOf(expression), new Map(), item, found);
  return found;
}

/** `bound`: variables in sight, with where each was bound. */
function collect(node: ASTNode, bound: ReadonlyMap<string, SourceRange>, item: string | undefined, found: ExpressionOccurrence[]): void {
  const binding = bindingOf(node);
  if (binding !== undefined && node.op === 'rcall') {
    const [, , given] = node.args;
    collect(binding.over, bound, item, found);
    const inside = new Map(bound);
    for (const [index, name] of binding.names.entries()) {
      const variable = given[index];
      if (variable === undefined) return;
      const scope = { start: variable.start, end: variable.end };
      found.push({ kind: 'variable', name, role: 'declaration', range: scope, scope });
      inside.set(name, scope);
    }
    for (const body of binding.bodies) collect(body, inside, item, found);
    return;
  }
  const { base, segments } = writtenPath(node);
  if (base.op !== 'id') {
    for (const child of segments.length > 0 ? [base] : childrenOf(node)) collect(child, bound, item, found);
    return;
  }
  const range = { start: base.start, end: base.end };
  const scope = bound.get(base.args);
  if (scope !== undefined) {
    found.push({ kind: 'variable', name: base.args, role: 'reference', range, scope });
    return;
  }
  if (base.args === item) {
    found.push({ kind: 'alias', name: base.args, role: 'reference', range });
    return;
  }
  const kind = members.get(base.args);
  const [member] = segments;
  if (kind !== undefined && member !== undefined) found.push({ kind, name: member.key, role: 'reference', range: keyRangeOf(member) });
}
