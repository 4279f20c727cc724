import type { SourceRange } from './diagnostic.ts';
import { bindingOf, childrenOf, writtenPath, type ASTNode } from './expression-ast.ts';

/** A path that an expression reads, as far as it is written out: `steps.a.results[0]` gives `['steps', 'a', 'results']`. */
export interface Reference {
  readonly path: readonly string[];
  /** Within the expression's source. */
  readonly range: SourceRange;
}

export interface Uses {
  /** In source order. Names that a macro binds are not among them. */
  readonly references: readonly Reference[];
  /** Names of the functions that are called (not of methods). */
  readonly functions: ReadonlySet<string>;
}

/** What a syntax tree reads and calls, wherever it stands. */
export function usesOf(tree: ASTNode): Uses {
  const references: Reference[] = [];
  const functions = new Set<string>();
  collect(tree, new Set(), references, functions);
  references.sort((a, b) => a.range.start - b.range.start);
  return { references, functions };
}

function collect(node: ASTNode, bound: ReadonlySet<string>, references: Reference[], functions: Set<string>): void {
  const binding = bindingOf(node);
  if (binding !== undefined) {
    collect(binding.over, bound, references, functions);
    const inside = new Set(bound).add(binding.name);
    for (const body of binding.bodies) collect(body, inside, references, functions);
    return;
  }
  const { base, segments } = writtenPath(node);
  if (base.op === 'id') {
    if (!bound.has(base.args)) references.push({ path: [base.args, ...segments.map(({ key }) => key)], range: { start: base.start, end: node.end } });
    return;
  }
  if (segments.length > 0) {
    collect(base, bound, references, functions);
    return;
  }
  if (node.op === 'call') functions.add(node.args[0]);
  for (const child of childrenOf(node)) collect(child, bound, references, functions);
}
