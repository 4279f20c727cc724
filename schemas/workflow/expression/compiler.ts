import { argumentCounts, type ExpressionFunction } from './argument.ts';
import { bindingOf, writtenPath, type ASTNode, type Binding } from './ast.ts';
import { ExpressionFault } from './fault.ts';
import { globalFunctions, methodFunctions, namespaces } from './function.ts';
import { macros } from './catalog.ts';
import { absorbable, compileBinding, condition } from './macro.ts';
import { negate, operators, type Operator } from './operator.ts';
import { type Code, explainMissing, located, rangeOf, type Read, readFields, readIndex, readRoot, textOf } from './reference.ts';
import { describe, toJson, type Value } from './value.ts';
import type { Json } from '../json.ts';
import { nearestName } from '../nearest-name.ts';
import { visibleText } from '../visible-text.ts';
import { english } from '../../wording/language.ts';

export interface Compiled {
  readonly code: Code;
  /** Whether it builds lists or maps of its own, whose parts may be shared and so be far larger than they look. */
  readonly builds: boolean;
}

type Literal = Extract<ASTNode, { op: 'value' }>['args'];

/** Macro variables in sight. */
interface Locals {
  /** Where their values are kept. */
  readonly slots: ReadonlyMap<string, number>;
  /** The next free slot: not the size of `slots`, since a name may be bound again inside. */
  readonly free: number;
}

/**
 * Turns a syntax tree into closures, once per expression, so that an evaluation looks nothing up. Unknown functions and wrong numbers of
 * arguments are faults already here. The tree is known not to be deep.
 */
export function compileTree(tree: ASTNode): Compiled {
  const compiler = new Compiler();
  return { code: compiler.compile(tree, { slots: new Map(), free: 0 }), builds: compiler.builds };
}

class Compiler {
  builds = false;

  compile(node: ASTNode, locals: Locals): Code {
    switch (node.op) {
      case 'value':
        return this.#literal(node, node.args);
      case 'id':
      case '.':
      case '[]':
        return this.#access(node, locals);
      case 'call':
        return this.#call(node, node.args[0], node.args[1], locals);
      case 'rcall':
        return this.#method(node, node.args[0], [node.args[1], ...node.args[2]], locals);
      case 'list':
        return this.#list(node.args, locals);
      case 'map':
        return this.#map(node.args, locals);
      case '?:':
        return this.#ternary(node.args, locals);
      case '&&':
        return this.#logical(node.args, false, locals);
      case '||':
        return this.#logical(node.args, true, locals);
      case '!_':
        return this.#not(node.args, locals);
      case '-_': {
        const operand = this.compile(node.args, locals);
        return located((run) => negate(operand(run)), node);
      }
      case '.?':
      case '[?]':
        throw new ExpressionFault('syntax', "Optional access isn't supported. Write default(path, fallback), or has(path).", rangeOf(node));
      default:
        return this.#binary(node, node.op, node.args, locals);
    }
  }

  #literal(node: ASTNode, value: Literal): Code {
    const literal = literalValue(value, node);
    return () => literal;
  }

  #access(node: ASTNode, locals: Locals): Code {
    if (node.op === '[]' && writtenPath(node).segments.length === 0) return this.#index(node, locals);
    const { read, explain } = this.#path(node, locals);
    return (run) => {
      const value = read(run);
      if (value === undefined) throw explain(run);
      return value;
    };
  }

  /** A path that can be tried, for has() and default() as well as for plain reading. */
  #path(node: ASTNode, locals: Locals): { readonly read: Read; readonly explain: (run: Parameters<Read>[0]) => ExpressionFault } {
    const { base, segments } = writtenPath(node);
    const start = this.#start(base, locals);
    return { read: readFields(start, segments), explain: (run) => explainMissing(run, start, base, segments, locals.slots.keys()) };
  }

  #start(base: ASTNode, locals: Locals): Read {
    if (base.op !== 'id') return this.compile(base, locals);
    const slot = locals.slots.get(base.args);
    if (slot !== undefined) return (run) => run.locals[slot];
    if (base.args === 'secrets') {
      return () => {
        throw new ExpressionFault('evaluation', 'A secret can only stand alone, as in ${{ secrets.NAME }}: it is filled in when an attempt starts, so no expression can work on it.', rangeOf(base));
      };
    }
    return readRoot(base.args);
  }

  #index(node: ASTNode & { readonly op: '[]' }, locals: Locals): Code {
    const [containerNode, keyNode] = node.args;
    const container = this.compile(containerNode, locals);
    const key = this.compile(keyNode, locals);
    return (run) => readIndex(container(run), key(run), node, containerNode);
  }

  #call(node: ASTNode, name: string, args: readonly ASTNode[], locals: Locals): Code {
    if (name === 'has' || name === 'default') checkCount(node, name, { parameters: macros.get(name)?.parameters ?? [] }, args.length, false);
    const [first, second] = args;
    if (name === 'has' && first !== undefined) return this.#has(first, locals);
    if (name === 'default' && first !== undefined && second !== undefined) return this.#default(first, second, locals);
    const called = globalFunctions.get(name);
    if (called === undefined) throw unknownFunction(node, name, false);
    checkCount(node, name, called, args.length, false);
    return this.#apply(node, called, args, locals);
  }

  #method(node: ASTNode, name: string, args: readonly ASTNode[], locals: Locals): Code {
    const binding = bindingOf(node);
    if (binding !== undefined) {
      this.builds ||= building.has(binding.macro);
      const slot = locals.free;
      const slots = new Map(locals.slots);
      for (const [index, bound] of binding.names.entries()) slots.set(bound, slot + index);
      const inside: Locals = { slots, free: slot + binding.names.length };
      return compileBinding({
        node,
        binding,
        slot,
        over: this.compile(binding.over, locals),
        bodies: binding.bodies.map((body) => this.compile(body, inside)),
      });
    }
    const called = methodFunctions.get(name);
    if (called === undefined) throw unknownFunction(node, name, true);
    checkCount(node, name, called, args.length, true);
    return this.#apply(node, called, args, locals);
  }

  #apply(node: ASTNode, { call, repeats = false }: ExpressionFunction, args: readonly ASTNode[], locals: Locals): Code {
    this.builds ||= repeats;
    const codes = args.map((arg) => this.compile(arg, locals));
    return located((run) => call(codes.map((code) => code(run)), run), node);
  }

  #has(path: ASTNode, locals: Locals): Code {
    if (writtenPath(path).segments.length === 0) throw new ExpressionFault('type', 'has() takes a path with a field, such as has(item.email).', rangeOf(path));
    const { read } = this.#path(path, locals);
    return (run) => attempted(read, run) !== undefined;
  }

  #default(value: ASTNode, fallback: ASTNode, locals: Locals): Code {
    const read: Read = value.op === '.' || value.op === 'id' ? this.#path(value, locals).read : this.compile(value, locals);
    const otherwise = this.compile(fallback, locals);
    return (run) => attempted(read, run) ?? otherwise(run);
  }

  #list(nodes: readonly ASTNode[], locals: Locals): Code {
    this.builds = true;
    const codes = nodes.map((node) => located(this.#asJson(node, locals), node));
    return (run) => codes.map((code) => toJson(code(run)));
  }

  #map(entries: readonly (readonly [ASTNode, ASTNode])[], locals: Locals): Code {
    this.builds = true;
    const codes = entries.map(([keyNode, valueNode]) => {
      const key = this.compile(keyNode, locals);
      const value = located(this.#asJson(valueNode, locals), valueNode);
      return (run: Parameters<Code>[0]) => {
        const name = key(run);
        if (typeof name !== 'string') throw new ExpressionFault('type', `A key of a map is text, not ${describe(name)}.`, rangeOf(keyNode));
        return [name, toJson(value(run)), keyNode] as const;
      };
    });
    return (run) => {
      const fields = new Map<string, Json>();
      for (const code of codes) {
        const [name, value, keyNode] = code(run);
        if (fields.has(name)) throw repeatedKey(name, keyNode);
        fields.set(name, value);
      }
      // fromEntries defines keys instead of assigning them, so that `__proto__` is a key like any other.
      return Object.fromEntries(fields);
    };
  }

  #asJson(node: ASTNode, locals: Locals): Code {
    const code = this.compile(node, locals);
    return (run) => toJson(code(run));
  }

  #ternary([test, yes, no]: readonly [ASTNode, ASTNode, ASTNode], locals: Locals): Code {
    const [decide, then, otherwise] = [this.compile(test, locals), this.compile(yes, locals), this.compile(no, locals)];
    return (run) => (condition(decide(run), test) ? then(run) : otherwise(run));
  }

  /** CEL: a side that decides outweighs an error of the other. `deciding` is true for `||`, false for `&&`. */
  #logical([leftNode, rightNode]: readonly [ASTNode, ASTNode], deciding: boolean, locals: Locals): Code {
    const left = this.compile(leftNode, locals);
    const right = this.compile(rightNode, locals);
    return (run) => {
      let fault: ExpressionFault | undefined;
      try {
        if (condition(left(run), leftNode) === deciding) return deciding;
      } catch (error) {
        fault = absorbable(error, undefined, run);
      }
      const decided = condition(right(run), rightNode);
      if (fault !== undefined && decided !== deciding) throw fault;
      return decided;
    };
  }

  #not(operandNode: ASTNode, locals: Locals): Code {
    const operand = this.compile(operandNode, locals);
    return (run) => !condition(operand(run), operandNode);
  }

  #binary(node: ASTNode, operator: Operator, [leftNode, rightNode]: readonly [ASTNode, ASTNode], locals: Locals): Code {
    const left = this.compile(leftNode, locals);
    const right = this.compile(rightNode, locals);
    const operate = operators[operator];
    if (rightNode.op === 'value') {
      const literal = literalValue(rightNode.args, rightNode);
      // Nearly always a JSON number meets an integer that is written out; comparing it with a bigint is slow.
      const number = typeof literal === 'bigint' && Number.isSafeInteger(Number(literal)) ? Number(literal) : literal;
      return located((run) => {
        const value = left(run);
        return typeof value === 'number' ? operate(value, number, run) : operate(value, literal, run);
      }, node);
    }
    return located((run) => operate(left(run), right(run), run), node);
  }
}

/** Macros whose results are lists or maps of their own. */
const building: ReadonlySet<Binding['macro']> = new Set(['map', 'groupBy', 'transformList', 'transformMap', 'transformMapEntry']);

/** The value, or undefined if it is missing or null. */
function attempted(read: Read, run: Parameters<Read>[0]): Value | undefined {
  try {
    return read(run);
  } catch (error) {
    const fault = absorbable(error, undefined, run);
    if (fault.kind !== 'missing') throw fault;
    return undefined;
  }
}

function literalValue(value: Literal, node: ASTNode): Value {
  if (value instanceof Uint8Array) throw new ExpressionFault('syntax', "Bytes (b'...') aren't supported, since JSON has none.", rangeOf(node));
  if (typeof value === 'bigint') {
    // The sign of -9223372036854775808 is an operator of its own.
    if (value > 9223372036854775808n) throw new ExpressionFault('limit', 'This integer has more than 64 bits.', rangeOf(node));
    return value;
  }
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  // CEL's unsigned integers (`1u`) are integers here.
  return value.value;
}

function repeatedKey(key: string, node: ASTNode): ExpressionFault {
  return new ExpressionFault('evaluation', `The key '${visibleText(key)}' is in this map twice.`, rangeOf(node));
}

function checkCount(node: ASTNode, name: string, called: Pick<ExpressionFunction, 'parameters'>, count: number, method: boolean): void {
  const [least, most] = argumentCounts(called);
  if (count >= least && count <= most) return;
  const hidden = method ? 1 : 0;
  const shown = called.parameters.slice(hidden).join(', ');
  throw new ExpressionFault('type', english.say('{count, plural, one {{name}() is called with # value; it takes ({shown}).} other {{name}() is called with # values; it takes ({shown}).}}', { count: count - hidden, name, shown }), rangeOf(node));
}

function unknownFunction(node: ASTNode, name: string, method: boolean): ExpressionFault {
  return new ExpressionFault('unknown-function', unknownFunctionMessage(node, name, method), rangeOf(node));
}

function unknownFunctionMessage(node: ASTNode, name: string, method: boolean): string {
  const holder = method && node.op === 'rcall' && node.args[1].op === 'id' ? node.args[1].args : '';
  if (namespaces.has(holder)) {
    const inside = [...globalFunctions.keys()].filter((known) => known.startsWith(`${holder}.`));
    const nearest = nearestName(`${holder}.${name}`, inside);
    return `There is no function '${holder}.${name}'.${nearest === undefined ? ` There are ${inside.join(', ')}.` : ` Did you mean '${nearest}'?`}`;
  }
  const macro = macros.get(name);
  if (macro !== undefined) return `${textOf(node)} is not how ${name}() is called: write ${macro.usage}.`;
  if (method && globalFunctions.has(name)) return `${name}() is not called on a value: write ${name}(value).`;
  if (!method && methodFunctions.has(name)) return `${name}() is called on a value: write value.${name}().`;
  const nearest = nearestName(name, [...(method ? methodFunctions : globalFunctions).keys(), ...macros.keys()]);
  if (nearest !== undefined) return `There is no function '${name}'. Did you mean '${nearest}'?`;
  const usage = Object.hasOwn(otherLanguages, name) ? otherLanguages[name] : undefined;
  return `There is no function '${name}'.${usage === undefined ? '' : ` Write ${usage}.`}`;
}

/** What functions of other languages are here. */
const otherLanguages: Readonly<Record<string, string>> = {
  toLowerCase: 'value.lower()', downcase: 'value.lower()', toUpperCase: 'value.upper()', upcase: 'value.upper()',
  round: 'math.round(number)', floor: 'math.floor(number)', ceil: 'math.ceil(number)', abs: 'math.abs(number)', trunc: 'math.trunc(number)', sqrt: 'math.sqrt(number)', range: 'lists.range(count)',
  average: 'list.sum() / size(list)', avg: 'list.sum() / size(list)', reduce: 'list.sum(), or another macro', unique: 'list.distinct()', uniq: 'list.distinct()', orderBy: 'list.sortBy(x, key)', concat: 'one + other',
  btoa: 'base64.encode(text)', atob: 'base64.decode(text)', encodeURIComponent: 'url.encode(text)', decodeURIComponent: 'url.decode(text)', toFixed: 'formatNumber(number, places)',
  formatDateTime: 'time.formatDate(pattern)', strftime: 'time.formatDate(pattern)', toFormat: 'time.formatDate(pattern)', addDays: "time.plus(1, 'day')", date: 'timestamp(text)', today: "now().startOf('day')", entries: 'map.transformList(key, value, result)',
  includes: 'value.contains(part)', length: 'size(value)', len: 'size(value)', count: 'size(value)',
  parseInt: 'int(value)', Number: 'double(value)', parseFloat: 'double(value)', toString: 'string(value)', str: 'string(value)', String: 'string(value)',
  strip: 'value.trim()', test: 'text.matches(pattern)', match: 'text.matches(pattern)', coalesce: 'default(value, other)', parseJSON: 'fromJSON(text)',
};
