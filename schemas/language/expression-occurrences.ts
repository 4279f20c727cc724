import type { ExpressionPlace } from '../workflow/analysis/expression-scope.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import { bindingOf, childrenOf, keyRangeOf, writtenPath, type ASTNode } from '../workflow/expression/ast.ts';
import { treeOf, type Expression } from '../workflow/expression/expression.ts';
import type { SymbolKind, SymbolOccurrence } from './language-symbol.ts';

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

const members: ReadonlyMap<string, SymbolKind> = new Map<string, SymbolKind>([['inputs', 'input'], ['steps', 'step'], ['secrets', 'secret'], ['env', 'environment']]);

/** Every name of a symbol that an expression uses. */
export function expressionOccurrences(expression: Expression, { item }: Pick<ExpressionPlace, 'item'>): readonly ExpressionOccurrence[] {
  const found: ExpressionOccurrence[] = [];
  collect(treeOf(expression), new Map(), item, found);
  return found;
}

/** `bound`: variables in sight, with where each was bound. */
function collect(node: ASTNode, bound: ReadonlyMap<string, SourceRange>, item: string | undefined, found: ExpressionOccurrence[]): void {
  const binding = bindingOf(node);
  if (binding !== undefined && node.op === 'rcall') {
    const [, , [variable]] = node.args;
    collect(binding.over, bound, item, found);
    if (variable === undefined) return;
    const scope = { start: variable.start, end: variable.end };
    found.push({ kind: 'variable', name: binding.name, role: 'declaration', range: scope, scope });
    const inside = new Map(bound).set(binding.name, scope);
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
