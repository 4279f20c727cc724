import type { Hover } from 'vscode-languageserver-types';
import { isRoot } from '../workflow/analysis/expression-scope.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import { bindingOf, childrenOf, keyRangeOf, parseTree, type ASTNode } from '../workflow/expression/ast.ts';
import { checkExpression, fieldOf } from '../workflow/expression/checker.ts';
import { alternativesOf, describeType, unknownType, type ExpressionType } from '../workflow/expression/type.ts';
import { bindCallable, type Callable, describeCallable, globalCallables, methodCallables } from './signature-help.ts';
import { expressionCursor, type ExpressionCursor } from './expression-cursor.ts';
import { describeField } from './editor-schema.ts';
import type { LanguageFile } from './language-file.ts';
import type { LanguageProject } from './language-project.ts';
import { describeSymbol, pageDescription, rootDescriptions } from './symbol-description.ts';
import { english, type Language } from '../wording/language.ts';
import { message, type Message } from '../wording/message.ts';

/** What the part of an expression is that is at an offset; undefined if none does, or the expression can't be read. */
export function hoverExpression(project: LanguageProject, file: LanguageFile, offset: number, language = english): Hover | undefined {
  const cursor = expressionCursor(file, offset);
  const found = cursor && partAt(cursor, language);
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

function partAt({ source, at, scope, place }: ExpressionCursor, language: Language): Part | undefined {
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
    const part = partOf(typed(node), { at, typed, item: place.item, seesPage: place.page === true, language });
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

interface Look {
  readonly at: number;
  readonly typed: (node: ASTNode) => Typed;
  readonly item: string | undefined;
  readonly seesPage: boolean;
  readonly language: Language;
}

function partOf({ node, type }: Typed, look: Look): Part | undefined {
  const { typed } = look;
  switch (node.op) {
    case 'id':
      return namePart(node, node.args, type, look);
    case '.':
      return fieldPart(node, node.args[1], type, typed(node.args[0]).type, look);
    case '[]': {
      const [holder, key] = node.args;
      return key.op === 'value' && typeof key.args === 'string' ? fieldPart(node, key.args, type, typed(holder).type, look) : undefined;
    }
    case 'call':
      return callPart(globalCallables.get(node.args[0]), { start: node.start, end: node.start + node.args[0].length }, look);
    case 'rcall':
      return methodPart(node, look);
    default:
      return undefined;
  }
}

function namePart(node: ASTNode, name: string, type: ExpressionType, { item, seesPage, language }: Look): Part {
  const range = { start: node.start, end: node.end };
  if (isRoot(name) && name !== item) return { range, description: `**${name}**\n\n${language.dataText(rootDescriptions[name])}` };
  if (name === 'page' && seesPage) return { range, description: `**page**\n\n${language.dataText(pageDescription)}` };
  const told = { name: `\`${name}\``, type: describeType(type) };
  return { range, description: name === item ? language.say('**item** {name}: {type}', told) : language.say('**variable** {name}: {type}', told) };
}

function fieldPart(node: ASTNode & { readonly op: '.' | '[]' }, key: string, type: ExpressionType, holder: ExpressionType, { at, language }: Look): Part | undefined {
  const range = keyRangeOf({ key, node });
  if (at < range.start || at > range.end) return undefined;
  const field = alternativesOf(holder).map((one) => (one.kind === 'unknown' ? undefined : fieldOf(one, key))).find((found) => found !== undefined);
  const description = field === undefined ? '' : describeField(field, language);
  return { range, description: `${language.say('**field** {name}: {type}', { name: `\`${key}\``, type: describeType(type) })}${description === '' ? '' : `\n\n${description}`}` };
}

function callPart(callable: Callable | undefined, range: SourceRange, { at, language }: Look): Part | undefined {
  if (callable === undefined || at < range.start || at > range.end) return undefined;
  return { range, description: `${language.textOf(headOf(callable))}\n\n${describeCallable(callable, language)}` };
}

function headOf({ kind, label }: Callable): Message {
  const told = { label: `\`${label}\`` };
  switch (kind) {
    case 'function':
      return message('**function** {label}', told);
    case 'method':
      return message('**method** {label}', told);
    case 'macro':
      return message('**macro** {label}', told);
  }
}

function methodPart(node: ASTNode & { readonly op: 'rcall' }, look: Look): Part | undefined {
  const { at, typed, language } = look;
  const [name, receiver, given] = node.args;
  const start = node.input.indexOf(name, receiver.end);
  const isBind = name === 'bind' && receiver.op === 'id' && receiver.args === 'cel';
  const part = callPart(isBind ? bindCallable : methodCallables.get(name), { start, end: start + name.length }, look);
  const binding = bindingOf(node);
  if (part !== undefined || binding === undefined) return part;
  const index = given.slice(0, binding.names.length).findIndex(({ start, end }) => at >= start && at <= end);
  const [bound, boundName] = [given[index], binding.names[index]];
  if (bound === undefined || boundName === undefined) return undefined;
  // The variable where it is bound: its type is that of whatever reads it.
  const reading = binding.bodies.flatMap((body) => readingOf(body, boundName))[0];
  const told = { name: `\`${boundName}\`` };
  const description = reading === undefined ? language.say('**variable** {name}', told) : language.say('**variable** {name}: {type}', { ...told, type: describeType(typed(reading).type) });
  return { range: { start: bound.start, end: bound.end }, description };
}

function readingOf(node: ASTNode, name: string): readonly ASTNode[] {
  return node.op === 'id' && node.args === name ? [node] : childrenOf(node).flatMap((child) => readingOf(child, name));
}
