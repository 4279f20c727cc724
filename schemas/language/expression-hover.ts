import type { Hover } from 'vscode-languageserver-types';
import { isRoot } from '../workflow/analysis/expression-scope.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import { bindingOf, childrenOf, keyRangeOf, parseTree, type ASTNode } from '../workflow/expression/ast.ts';
import { checkExpression, fieldOf } from '../workflow/expression/checker.ts';
import { alternativesOf, describeType, unknownType, type ExpressionType } from '../workflow/expression/type.ts';
import { bindCallable, type Callable, globalCallables, methodCallables } from './signature-help.ts';
import { expressionCursor, type ExpressionCursor } from './expression-cursor.ts';
import { describeField } from './editor-schema.ts';
import type { LanguageFile } from './language-file.ts';
import type { LanguageProject } from './language-project.ts';
import { describeSymbol, rootDescriptions } from './symbol-description.ts';
import { english } from '../wording/language.ts';

/** What the part of an expression is that is at an offset; undefined if none does, or the expression can't be read. */
export function hoverExpression(project: LanguageProject, file: LanguageFile, offset: number, language = english): Hover | undefined {
  const cursor = expressionCursor(file, offset);
  const found = cursor && partAt(cursor);
  if (cursor === undefined || found === undefined) return undefined;
  const range = cursor.locate(found.range);
  // Steps, inputs and so on are more than their types.
  const occurrence = project.symbols.occurrenceAt(file.path, range.start);
  const symbol = occurrence?.range.start === range.start ? project.symbols.get(occurrence) : undefined;
  const value = (symbol && describeSymbol(project, symbol, language)) ?? found.description;
  return { contents: { kind: 'markdown', value }, range: file.rangeOf(range) };
}

interface Part {
  /** Within the source. */
  readonly range: SourceRange;
  /** Markdown. */
  readonly description: string;
}

interface Typed {
  readonly node: ASTNode;
  readonly type: ExpressionType;
}

function partAt({ source, at, scope, place }: ExpressionCursor): Part | undefined {
  const types = new Map<ASTNode, ExpressionType>();
  let tree: ASTNode;
  try {
    tree = parseTree(source);
  } catch {
    return undefined;
  }
  checkExpression(tree, { scope, onNode: (node, type) => types.set(node, type) });
  const typed = (node: ASTNode): Typed => ({ node, type: types.get(node) ?? unknownType });
  for (const node of nodesAround(tree, at)) {
    // The name that a macro binds is not a value yet; the macro itself tells of it.
    if (node.op === 'id' && !types.has(node)) continue;
    const part = partOf(typed(node), at, typed, place.item);
    if (part !== undefined) return part;
  }
  return undefined;
}

/** The nodes that an offset is in, the innermost first. */
function nodesAround(node: ASTNode, at: number): readonly ASTNode[] {
  if (at < node.start || at > node.end) return [];
  const inner = childrenOf(node).map((child) => nodesAround(child, at)).find((nodes) => nodes.length > 0);
  return [...(inner ?? []), node];
}

function partOf({ node, type }: Typed, at: number, typed: (node: ASTNode) => Typed, item: string | undefined): Part | undefined {
  switch (node.op) {
    case 'id':
      return namePart(node, node.args, type, item);
    case '.':
      return fieldPart(node, node.args[1], type, typed(node.args[0]).type, at);
    case '[]': {
      const [holder, key] = node.args;
      return key.op === 'value' && typeof key.args === 'string' ? fieldPart(node, key.args, type, typed(holder).type, at) : undefined;
    }
    case 'call':
      return callPart(globalCallables.get(node.args[0]), { start: node.start, end: node.start + node.args[0].length }, at);
    case 'rcall':
      return methodPart(node, at, typed);
    default:
      return undefined;
  }
}

function namePart(node: ASTNode, name: string, type: ExpressionType, item: string | undefined): Part {
  const range = { start: node.start, end: node.end };
  if (isRoot(name) && name !== item) return { range, description: `**${name}**\n\n${rootDescriptions[name]}` };
  return { range, description: `${name === item ? '**item**' : '**variable**'} \`${name}\`: ${describeType(type)}` };
}

function fieldPart(node: ASTNode & { readonly op: '.' | '[]' }, key: string, type: ExpressionType, holder: ExpressionType, at: number): Part | undefined {
  const range = keyRangeOf({ key, node });
  if (at < range.start || at > range.end) return undefined;
  const field = alternativesOf(holder).map((one) => (one.kind === 'unknown' ? undefined : fieldOf(one, key))).find((found) => found !== undefined);
  const description = field === undefined ? '' : describeField(field);
  return { range, description: `**field** \`${key}\`: ${describeType(type)}${description === '' ? '' : `\n\n${description}`}` };
}

function callPart(callable: Callable | undefined, range: SourceRange, at: number): Part | undefined {
  if (callable === undefined || at < range.start || at > range.end) return undefined;
  return { range, description: `**${callable.kind}** \`${callable.label}\`\n\n${callable.description}` };
}

function methodPart(node: ASTNode & { readonly op: 'rcall' }, at: number, typed: (node: ASTNode) => Typed): Part | undefined {
  const [name, receiver, [first]] = node.args;
  const start = node.input.indexOf(name, receiver.end);
  const isBind = name === 'bind' && receiver.op === 'id' && receiver.args === 'cel';
  const part = callPart(isBind ? bindCallable : methodCallables.get(name), { start, end: start + name.length }, at);
  const binding = bindingOf(node);
  if (part !== undefined || binding === undefined || first === undefined || at < first.start || at > first.end) return part;
  // The variable where it is bound: its type is that of whatever reads it.
  const reading = binding.bodies.flatMap((body) => readingOf(body, binding.name))[0];
  return { range: { start: first.start, end: first.end }, description: `**variable** \`${binding.name}\`${reading === undefined ? '' : `: ${describeType(typed(reading).type)}`}` };
}

function readingOf(node: ASTNode, name: string): readonly ASTNode[] {
  return node.op === 'id' && node.args === name ? [node] : childrenOf(node).flatMap((child) => readingOf(child, name));
}
