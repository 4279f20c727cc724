import { english } from '../../wording/language.ts';
import type { SourceRange } from '../diagnostic.ts';
import { type ASTNode, bindingOf, childrenOf, type Segment, writtenPath } from './ast.ts';
import type { Evaluation, Scope } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';
import { describe, isList, isMap, isNumeric, type Value } from './value.ts';
import type { JsonObject } from '../json.ts';
import { nearestName } from '../nearest-name.ts';
import { visibleText } from '../visible-text.ts';

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
    const inside = new Set([...bound, ...binding.names]);
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

/** What a compiled part of an expression does. */
export type Code = (run: Evaluation) => Value;

/** Like {@link Code}, but undefined if a name, field or element is missing. */
export type Read = (run: Evaluation) => Value | undefined;

/** Gives faults that have no place yet the place of this node. */
export function located(code: Code, node: ASTNode): Code {
  return (run) => {
    try {
      return code(run);
    } catch (error) {
      if (error instanceof ExpressionFault) error.range ??= rangeOf(node);
      throw error;
    }
  };
}

const shownNames = 6;

/** Reads a name of the scope. */
export function readRoot(name: string): Read {
  const guarded = isInherited(name);
  return (run) => rootOf(run.scope, name, guarded);
}

/** Reads fields one after the other; undefined as soon as one isn't there. */
export function readFields(base: Read, segments: readonly Segment[]): Read {
  const fields = segments.map(({ key }) => ({ key, guarded: isInherited(key) }));
  const [only] = fields;
  if (only === undefined) return base;
  if (fields.length === 1) {
    return (run) => {
      const container = base(run);
      return container === undefined ? undefined : fieldOf(container, only.key, only.guarded);
    };
  }
  return (run) => {
    let value = base(run);
    for (const { key, guarded } of fields) {
      if (value === undefined) return undefined;
      value = fieldOf(value, key, guarded);
    }
    return value;
  };
}

/** Why {@link readFields} found nothing. Reads the path again, since that is rare and so reading itself stays fast. */
export function explainMissing(run: Evaluation, base: Read, baseNode: ASTNode, segments: readonly Segment[], locals: Iterable<string>): ExpressionFault {
  let value = base(run);
  if (value === undefined) return missingName(run.scope, baseNode, locals);
  let container = baseNode;
  for (const { key, node } of segments) {
    const next = fieldOf(value, key, isInherited(key));
    if (next === undefined) return missingField(value, key, node, container);
    value = next;
    container = node;
  }
  return new ExpressionFault('missing', `'${textOf(container)}' can't be read.`, rangeOf(container));
}

/** `container[key]` where the key is computed. */
export function readIndex(container: Value, key: Value, node: ASTNode, containerNode: ASTNode): Value {
  if (isList(container)) {
    if (!isNumeric(key) || !Number.isInteger(Number(key))) {
      throw new ExpressionFault('type', `'${textOf(containerNode)}' is a list: its elements are read by a whole number from 0, not by ${isNumeric(key) ? 'a fraction' : describe(key)}.`, rangeOf(node));
    }
    const element = container[Number(key)];
    if (element !== undefined) return element;
    const told = { count: container.length, path: textOf(node) };
    const text = english.say("{count, plural, one {'{path}' doesn't exist: the list has # element, counted from 0.} other {'{path}' doesn't exist: the list has # elements, counted from 0.}}", told);
    throw new ExpressionFault('missing', container.length > 0 ? text : english.say("'{path}' doesn't exist: the list has 0 elements.", told), rangeOf(node));
  }
  if (isMap(container) && typeof key === 'string') {
    const value = fieldOf(container, key, isInherited(key));
    if (value !== undefined) return value;
    throw missingField(container, key, node, containerNode);
  }
  if (container === null) throw new ExpressionFault('missing', `'${textOf(containerNode)}' is null, so there is nothing in it.`, rangeOf(node));
  if (isMap(container)) throw new ExpressionFault('type', `'${textOf(containerNode)}' is a map: it is read by a text, not by ${describe(key)}.`, rangeOf(node));
  throw new ExpressionFault('type', `'${textOf(containerNode)}' is ${describe(container)}: only lists and maps have elements.`, rangeOf(node));
}

export function rangeOf(node: ASTNode): { readonly start: number; readonly end: number } {
  return { start: node.start, end: node.end };
}

/** What a message quotes of the source. */
export function textOf(node: ASTNode): string {
  const text = visibleText(node.input.slice(node.start, node.end));
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Names that any object answers to without holding them: for these, a value counts only if it's the object's own. */
function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/** Not only its own properties: a scope may be an object of a class with getters. */
function rootOf(scope: Scope, name: string, guarded: boolean): Value | undefined {
  return guarded && !Object.hasOwn(scope, name) ? undefined : present(scope[name]);
}

function fieldOf(container: Value, key: string, guarded: boolean): Value | undefined {
  if (typeof container !== 'object' || container === null || Array.isArray(container)) return undefined;
  const map = container as JsonObject;
  return guarded && !Object.hasOwn(map, key) ? undefined : present(map[key]);
}

/** What is not a JSON can't be seen. */
function present(value: unknown): Value | undefined {
  return typeof value === 'function' || typeof value === 'symbol' ? undefined : (value as Value | undefined);
}

function missingName(scope: Scope, node: ASTNode, locals: Iterable<string>): ExpressionFault {
  const explain = (): string => {
    const name = textOf(node);
    const known = [...locals, ...Object.keys(scope).filter((key) => !key.startsWith('$'))];
    const nearest = nearestName(name, known);
    return `There is no '${name}' here.${nearest === undefined ? ` Known are ${listed(known)}.` : ` Did you mean '${nearest}'?`}`;
  };
  return new ExpressionFault('missing', explain, rangeOf(node));
}

function missingField(container: Value, key: string, node: ASTNode, containerNode: ASTNode): ExpressionFault {
  // Underlines the name alone where it is written out after a dot.
  const range = node.op === '.' ? { start: node.end - key.length, end: node.end } : rangeOf(node);
  const holder = textOf(containerNode);
  if (container === null) return new ExpressionFault('missing', `'${textOf(node)}' doesn't exist: '${holder}' is null.`, range);
  if (isList(container)) return new ExpressionFault('type', `'${holder}' is a list and has no field '${key}': take one element, '${holder}[0]', or all, '${holder}.map(x, x.${key})'.`, range);
  if (!isMap(container)) return new ExpressionFault('type', `'${holder}' is ${describe(container)} and has no field '${key}'.`, range);

  return new ExpressionFault('missing', () => `'${textOf(node)}' doesn't exist. ${nearestHint(container, key, holder)}`, range);
}

function nearestHint(container: JsonObject, key: string, holder: string): string {
  const known = Object.keys(container).slice(0, 500);
  // `output.message-id` reads as a subtraction.
  const nearest = known.find((name) => name.startsWith(`${key}-`)) ?? nearestName(key, known);
  if (nearest !== undefined) return `Did you mean '${/^[A-Za-z_]\w*$/.test(nearest) ? `${holder}.${nearest}` : `${holder}['${nearest}']`}'?`;
  return known.length === 0 ? `'${holder}' is empty.` : `'${holder}' has ${listed(known)}.`;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no names';
  const shown = names.slice(0, shownNames).map((name) => (name.length > 40 ? `${name.slice(0, 39)}…` : name)).join(', ');
  return names.length > shownNames ? `${shown} and ${names.length - shownNames} more` : shown;
}
