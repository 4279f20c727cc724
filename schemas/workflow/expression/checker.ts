import type { SourceRange } from '../diagnostic.ts';
import { bindingOf, keyRangeOf, type ASTNode, type Binding } from './ast.ts';
import { type ExpressionFunction, resultOf, takenAt } from './argument.ts';
import { globalFunctions, methodFunctions } from './function.ts';
import { operatorResult } from './operator-type.ts';
import { alternativesOf, asJsonType, booleanType, describeType, listOf, mayBeAnything, numberType, textOf, textType, unionOf, unknownType, withoutNull, type ExpressionField, type ExpressionType, type MapType, type PlainType, type TypeKind } from './type.ts';
import { isName } from '../name.ts';
import { nearestName } from '../nearest-name.ts';
import { visibleText } from '../visible-text.ts';
import { message, type Message, sentences } from '../../wording/message.ts';

/** Something that goes wrong whenever the expression comes to it, or a comparison whose outcome is fixed. */
export interface TypeProblem {
  readonly kind: 'duplicate-key' | 'type-mismatch' | 'unknown-field' | 'undeclared-field' | 'never-equal';
  readonly message: Message;
  /** Within the source. */
  readonly range: SourceRange;
  readonly suggestions: readonly string[];
}

/** The types of names: `inputs`, `steps` and so on. Undefined: no such name, or nothing known of it. */
export type TypeScope = (name: string) => ExpressionType | undefined;

export interface CheckOptions {
  readonly scope: TypeScope;
  readonly onProblem?: (problem: TypeProblem) => void;
  /** Told of every part of the expression, with its type and the variables in sight. */
  readonly onNode?: (node: ASTNode, type: ExpressionType, locals: ReadonlyMap<string, ExpressionType>) => void;
}

/**
 * The type of an expression. What is reported fails for every value that the types allow: whoever may be right gets the benefit of the
 * doubt. Mirrors the evaluation, in `expression-compiler.ts`; a test holds the two against each other.
 */
export function checkExpression(tree: ASTNode, options: CheckOptions): ExpressionType {
  return new Checker(options).type(tree, new Map());
}

type Locals = ReadonlyMap<string, ExpressionType>;

class Checker {
  readonly #options: CheckOptions;
  /** Within has() or default(), where what is missing is not an error. */
  #tolerant = 0;

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  type(node: ASTNode, locals: Locals): ExpressionType {
    const type = this.#typeOf(node, locals);
    this.#options.onNode?.(node, type, locals);
    return type;
  }

  #typeOf(node: ASTNode, locals: Locals): ExpressionType {
    switch (node.op) {
      case 'value':
        return literalType(node.args);
      case 'id':
        return locals.get(node.args) ?? this.#options.scope(node.args) ?? unknownType;
      case '.':
        return this.#field(node, node.args[1], this.type(node.args[0], locals), node.args[0]);
      case '[]':
        return this.#index(node, locals);
      case 'call':
        return this.#call(node, node.args[0], node.args[1], locals);
      case 'rcall':
        return this.#method(node, node.args[0], [node.args[1], ...node.args[2]], locals);
      case 'list':
        return listOf(unionOf(node.args.map((item) => asJsonType(this.type(item, locals)))));
      case 'map':
        return this.#map(node.args, locals);
      case '?:':
        this.#condition(node.args[0], locals);
        return unionOf([this.type(node.args[1], locals), this.type(node.args[2], locals)]);
      case '||':
        return this.#either(node.args, locals);
      case '&&':
        this.#condition(node.args[0], locals);
        this.#condition(node.args[1], locals);
        return booleanType;
      case '!_':
        this.#condition(node.args, locals);
        return booleanType;
      case '-_':
        return this.#negated(node, this.type(node.args, locals));
      case '.?':
      case '[?]':
        return unknownType;
      default:
        return this.#binary(node, node.op, node.args, locals);
    }
  }

  #report(kind: TypeProblem['kind'], range: SourceRange, message: Message, suggestions: readonly string[] = []): void {
    this.#options.onProblem?.({ kind, range: { start: range.start, end: range.end }, message, suggestions });
  }

  /** What a key reads of a value. */
  #field(node: ASTNode & { readonly op: '.' | '[]' }, key: string, container: ExpressionType, containerNode: ASTNode): ExpressionType {
    const alternatives = alternativesOf(container);
    const read = alternatives.flatMap((one) => fieldOf(one, key)?.type ?? []);
    if (read.length > 0) {
      this.#undeclared(node, key, alternatives, containerNode);
      return unionOf(read);
    }
    // There, a path that can't be read is as good as one that isn't there.
    if (this.#tolerant > 0) return unknownType;
    const holder = textOfNode(containerNode);
    const keyRange = keyRangeOf({ key, node });
    const maps = alternatives.filter((one) => one.kind === 'map');
    if (maps.length > 0) {
      const names = [...new Set(maps.flatMap(({ fields }) => [...fields.keys()]))];
      const nearest = names.find((name) => name.startsWith(`${key}-`)) ?? nearestName(key, names);
      const hint = nearest !== undefined ? message('Did you mean {name}?', { name: isName(nearest) ? `'${nearest}'` : `${holder}['${nearest}']` }) : names.length === 0 ? (maps.find(({ whyEmpty }) => whyEmpty !== undefined)?.whyEmpty ?? message('It is empty.')) : message('It has {names}.', { names: names.slice(0, 12).join(', ') });
      // `output.message_id` becomes `output['message-id']`, so the dot goes as well.
      const withDot = nearest !== undefined && !isName(nearest) && node.op === '.';
      const range = withDot ? { start: containerNode.end, end: node.end } : keyRange;
      this.#report('unknown-field', range, sentences(message("'{holder}' has no field '{key}'.", { holder, key: visibleText(key) }), hint), nearest === undefined ? [] : [withDot ? `['${nearest}']` : nearest]);
    } else if (alternatives.some(({ kind }) => kind === 'list')) {
      this.#report('type-mismatch', keyRange, message("'{holder}' is a list and has no field '{key}': take one element, '{holder}[0]', or all, '{mapped}'.", { holder, key: visibleText(key), mapped: `${holder}.map(x, x.${key})` }));
    } else {
      this.#report('type-mismatch', keyRange, message("'{holder}' is {type}, which has no field '{key}'.", { holder, type: withArticle(container), key: visibleText(key) }));
    }
    return unknownType;
  }

  /** A field that no schema declares, and that is one slip away from one that is declared. It may be there all the same, so it is not an error. */
  #undeclared(node: ASTNode & { readonly op: '.' | '[]' }, key: string, alternatives: readonly PlainType[], containerNode: ASTNode): void {
    const maps = alternatives.filter((one) => one.kind === 'map');
    const isCertain = this.#tolerant === 0 && maps.length > 0 && alternatives.every(({ kind }) => kind === 'map' || kind === 'null');
    if (!isCertain || maps.some(({ fields, isRestImplied }) => isRestImplied !== true || fields.has(key))) return;
    const nearest = nearestName(key, new Set(maps.flatMap(({ fields }) => [...fields.keys()])));
    if (nearest === undefined || !isName(nearest)) return;
    const holder = textOfNode(containerNode);
    this.#report('undeclared-field', keyRangeOf({ key, node }), message("The schema of '{holder}' doesn't declare '{key}'. Did you mean '{nearest}'?", { holder, key: visibleText(key), nearest }), [nearest]);
  }

  #index(node: ASTNode & { readonly op: '[]' }, locals: Locals): ExpressionType {
    const [containerNode, keyNode] = node.args;
    const container = this.type(containerNode, locals);
    const key = this.type(keyNode, locals);
    if (keyNode.op === 'value' && typeof keyNode.args === 'string') return this.#field(node, keyNode.args, container, containerNode);
    const keys = alternativesOf(key);
    const byNumber = keys.some(({ kind }) => kind === 'number' || kind === 'unknown');
    const byText = keys.some(({ kind }) => kind === 'text' || kind === 'unknown');
    const read = alternativesOf(container).flatMap((one): readonly ExpressionType[] => {
      if (one.kind === 'unknown') return [unknownType];
      if (one.kind === 'list' && byNumber) return [one.items];
      return one.kind === 'map' && byText ? [unionOf([...[...one.fields.values()].map((field) => field.type), ...(one.rest === undefined ? [] : [one.rest])])] : [];
    });
    if (read.length > 0) return unionOf(read);
    const alternatives = alternativesOf(container);
    const holder = textOfNode(containerNode);
    if (alternatives.some(({ kind }) => kind === 'list')) this.#report('type-mismatch', keyNode, message("'{holder}' is a list: its elements are read by a whole number from 0, not by {type}.", { holder, type: withArticle(key) }));
    else if (alternatives.some(({ kind }) => kind === 'map')) this.#report('type-mismatch', keyNode, message("'{holder}' is a map: it is read by a text, not by {type}.", { holder, type: withArticle(key) }));
    else if (this.#tolerant === 0 || alternatives.some(({ kind }) => kind !== 'null')) this.#report('type-mismatch', node, message("'{holder}' is {type}: only lists and maps have elements.", { holder, type: withArticle(container) }));
    return unknownType;
  }

  #call(node: ASTNode, name: string, args: readonly ASTNode[], locals: Locals): ExpressionType {
    const [first, second] = args;
    if (name === 'has' && first !== undefined) {
      this.#missingAllowed(first, locals);
      return booleanType;
    }
    if (name === 'default' && first !== undefined && second !== undefined) {
      const value = this.#missingAllowed(first, locals);
      const left = alternativesOf(value).filter(({ kind }) => kind !== 'null');
      return unionOf([...left, this.type(second, locals)]);
    }
    return this.#apply(node, name, globalFunctions.get(name), args, locals, false);
  }

  #missingAllowed(node: ASTNode, locals: Locals): ExpressionType {
    this.#tolerant += 1;
    const type = this.type(node, locals);
    this.#tolerant -= 1;
    return type;
  }

  #method(node: ASTNode, name: string, args: readonly ASTNode[], locals: Locals): ExpressionType {
    const binding = bindingOf(node);
    return binding === undefined ? this.#apply(node, name, methodFunctions.get(name), args, locals, true) : this.#binding(binding, locals);
  }

  #apply(node: ASTNode, name: string, signature: ExpressionFunction | undefined, args: readonly ASTNode[], locals: Locals, isMethod: boolean): ExpressionType {
    const types = args.map((arg) => this.type(arg, locals));
    if (signature === undefined) return unknownType;
    for (const [index, type] of types.entries()) {
      const taken = takenAt(signature, index);
      if (taken === undefined || fits(type, taken)) continue;
      const isReceiver = isMethod && index === 0;
      const told = { name, wanted: kindNames(taken), given: withArticle(type) };
      this.#report('type-mismatch', args[index] ?? node, isReceiver ? message("{name}() is a method of {wanted}, but '{code}' is {given}.", { ...told, code: textOfNode(args[0] ?? node) }) : message('{name}() takes {wanted} here, but value {position} is {given}.', { ...told, position: isMethod ? index : index + 1 }));
    }
    return resultOf(signature, types);
  }

  #binding({ macro, names, over, bodies }: Binding, locals: Locals): ExpressionType {
    const source = this.type(over, locals);
    const [first, second] = bodies;
    const [name = '', other] = names;
    if (first === undefined) return unknownType;
    if (macro === 'bind') return this.type(first, new Map(locals).set(name, source));
    const element = this.#elementOf(source, over);
    const inside = new Map(locals);
    if (other === undefined) inside.set(name, element);
    else inside.set(name, keyOf(source)).set(other, valueOf(source));
    /** The type of the last body; one before it is a condition. */
    const result = (): ExpressionType => {
      if (second === undefined) return asJsonType(this.type(first, inside));
      this.#condition(first, inside);
      return asJsonType(this.type(second, inside));
    };
    switch (macro) {
      case 'map':
      case 'transformList':
        return listOf(result());
      case 'transformMap':
        return { kind: 'map', fields: new Map(), rest: result() };
      case 'transformMapEntry': {
        const entry = result();
        if (!fits(entry, ['map'])) this.#report('type-mismatch', second ?? first, message("{name}() puts maps together, but '{code}' is {type}. Write {fixed}.", { name: macro, code: textOfNode(second ?? first), type: withArticle(entry), fixed: '{key: value}' }));
        return { kind: 'map', fields: new Map(), rest: unionOf(mapsOf(entry).flatMap(({ fields, rest }) => [...[...fields.values()].map(({ type }) => type), ...(rest === undefined ? [] : [rest])])) };
      }
      case 'sortBy':
        this.type(first, inside);
        return listOf(element);
      case 'groupBy': {
        const key = this.type(first, inside);
        if (!fits(key, ['text'])) this.#report('type-mismatch', first, message("A key of a map is text, but '{code}' is {type}. Write {fixed}.", { code: textOfNode(first), type: withArticle(key), fixed: `string(${textOfNode(first)})` }));
        return { kind: 'map', fields: new Map(), rest: listOf(element) };
      }
      case 'filter':
        this.#condition(first, inside);
        return listOf(element);
      default:
        this.#condition(first, inside);
        return booleanType;
    }
  }

  /** What a macro goes through: the elements of a list, or the keys of a map. */
  #elementOf(source: ExpressionType, node: ASTNode): ExpressionType {
    const elements = alternativesOf(source).flatMap((one): readonly ExpressionType[] => {
      switch (one.kind) {
        case 'list':
          return [one.items];
        case 'map':
          return [textType];
        case 'unknown':
          return [unknownType];
        default:
          return [];
      }
    });
    if (elements.length > 0) return unionOf(elements);
    this.#report('type-mismatch', node, message("'{code}' is {type}: only a list, or the keys of a map, can be gone through.", { code: textOfNode(node), type: withArticle(source) }));
    return unknownType;
  }

  #map(entries: readonly (readonly [ASTNode, ASTNode])[], locals: Locals): ExpressionType {
    const fields = new Map<string, ExpressionField>();
    let rest: ExpressionType | undefined;
    for (const [keyNode, valueNode] of entries) {
      const key = this.type(keyNode, locals);
      const value = asJsonType(this.type(valueNode, locals));
      if (!fits(key, ['text'])) this.#report('type-mismatch', keyNode, message('A key of a map is text, not {type}.', { type: withArticle(key) }));
      if (keyNode.op === 'value' && typeof keyNode.args === 'string') {
        if (fields.has(keyNode.args)) this.#report('duplicate-key', keyNode, message("The key '{key}' is in this map twice.", { key: visibleText(keyNode.args) }));
        fields.set(keyNode.args, { type: value, required: true });
      } else rest = unknownType;
    }
    return { kind: 'map', fields, ...(rest === undefined ? {} : { rest }) };
  }

  /** In other languages, `a || b` is the value that is there: of two sides that are no conditions, that is what was meant. */
  #either([left, right]: readonly [ASTNode, ASTNode], locals: Locals): ExpressionType {
    const [type, otherType] = [this.type(left, locals), this.type(right, locals)];
    if (fits(type, ['boolean']) || fits(otherType, ['boolean'])) {
      this.#isCondition(left, type);
      this.#isCondition(right, otherType);
    } else {
      const code = `default(${textOfNode(left)}, ${textOfNode(right)})`;
      this.#report('type-mismatch', left, message("'||' is between conditions, which are true or false, but '{left}' is {type}. For a value in place of one that is missing, write {code}.", { left: textOfNode(left), type: withArticle(type), code }));
    }
    return booleanType;
  }

  #condition(node: ASTNode, locals: Locals): void {
    this.#isCondition(node, this.type(node, locals));
  }

  #isCondition(node: ASTNode, type: ExpressionType): void {
    if (!fits(type, ['boolean'])) {
      this.#report('type-mismatch', node, message('A condition is true or false, but \'{code}\' is {type}. Compare it, for example with \'== null\' or \'!= ""\'.', { code: textOfNode(node), type: withArticle(type) }));
    }
  }

  #negated(node: ASTNode & { readonly op: '-_' }, type: ExpressionType): ExpressionType {
    if (!fits(type, ['number', 'duration'])) this.#report('type-mismatch', node.args, message("'-' needs a number, but this is {type}.", { type: withArticle(type) }));
    return fits(type, ['duration']) && !fits(type, ['number']) ? { kind: 'duration' } : mayBeAnything(type) ? unknownType : numberType;
  }

  #binary(node: ASTNode, operator: string, [leftNode, rightNode]: readonly [ASTNode, ASTNode], locals: Locals): ExpressionType {
    const left = this.type(leftNode, locals);
    const right = this.type(rightNode, locals);
    const outcome = operatorResult(operator, left, right);
    switch (outcome.kind) {
      case 'type':
        return outcome.type;
      case 'mismatch':
        this.#report('type-mismatch', node, sentences(message("'{operator}' doesn't work on {left} and {right}.", { operator, left: withArticle(left), right: withArticle(right) }), outcome.hint));
        return unknownType;
      case 'never-equal': {
        const value = rightNode.op === 'value' && typeof rightNode.args === 'string' ? rightNode : leftNode.op === 'value' && typeof leftNode.args === 'string' ? leftNode : undefined;
        const others = valuesOf(value === rightNode ? left : right);
        const nearest = value === undefined ? undefined : nearestName(String(value.args), others);
        const hint = nearest !== undefined ? message('Did you mean {name}?', { name: `'${nearest}'` }) : undefined;
        const [a, b] = value === leftNode ? [right, left] : [left, right];
        const told = { one: describeType(withoutNull(a)), other: describeType(withoutNull(b)) };
        this.#report('never-equal', value ?? node, sentences(operator === '!=' ? message('This is true always: {one} is never {other}.', told) : message('This is false always: {one} is never {other}.', told), hint), nearest === undefined || value === undefined ? [] : [quote(nearest, value)]);
        return booleanType;
      }
    }
  }
}

/** What the first of two names of a macro is: a position in a list, or a key of a map. */
function keyOf(source: ExpressionType): ExpressionType {
  return unionOf(alternativesOf(source).map((one) => (one.kind === 'list' ? numberType : one.kind === 'map' ? textType : unknownType)));
}

/** What the second one is: an element of a list, or a value of a map. */
function valueOf(source: ExpressionType): ExpressionType {
  return unionOf(alternativesOf(source).flatMap((one): readonly ExpressionType[] => {
    if (one.kind === 'list') return [one.items];
    return one.kind === 'map' ? [...[...one.fields.values()].map(({ type }) => type), ...(one.rest === undefined ? [] : [one.rest])] : [unknownType];
  }));
}

/** What is known of a field; undefined if such a value can't have it. */
export function fieldOf(type: PlainType, key: string): ExpressionField | undefined {
  if (type.kind === 'unknown') return { type: unknownType, required: false };
  if (type.kind !== 'map') return undefined;
  return type.fields.get(key) ?? (type.rest === undefined ? undefined : { type: type.rest, required: false });
}

/** The maps that a value can be. */
export function mapsOf(type: ExpressionType): readonly MapType[] {
  return alternativesOf(type).filter((one) => one.kind === 'map');
}

/** The texts that a value can be, where they are known. */
export function valuesOf(type: ExpressionType): readonly string[] {
  return alternativesOf(type).flatMap((one) => (one.kind === 'text' ? (one.values ?? []) : []));
}

function fits(type: ExpressionType, kinds: readonly TypeKind[]): boolean {
  return alternativesOf(type).some(({ kind }) => kind === 'unknown' || kinds.includes(kind));
}

function literalType(value: Extract<ASTNode, { op: 'value' }>['args']): ExpressionType {
  if (value === null) return { kind: 'null' };
  switch (typeof value) {
    case 'string':
      return textOf([value]);
    case 'boolean':
      return booleanType;
    default:
      return value instanceof Uint8Array ? unknownType : numberType;
  }
}

const kindWords: Readonly<Record<TypeKind, string>> = {
  unknown: 'any value', null: 'null', boolean: 'a boolean', number: 'a number', timestamp: 'a timestamp', duration: 'a duration', text: 'text', list: 'a list', map: 'a map',
};

/** `a list`, `text or null`. */
function withArticle(type: ExpressionType): string {
  return kindNames(alternativesOf(type).map(({ kind }) => kind));
}

function kindNames(kinds: readonly TypeKind[]): string {
  const names = kinds.map((kind) => kindWords[kind]);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}

function textOfNode(node: ASTNode): string {
  const text = visibleText(node.input.slice(node.start, node.end));
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** As the literal that it replaces is quoted. */
function quote(text: string, { input, start }: ASTNode): string {
  const mark = input.charAt(start) === '"' ? '"' : "'";
  return `${mark}${text}${mark}`;
}
