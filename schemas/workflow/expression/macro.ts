import { sizeOf, type ASTNode, type Binding } from './ast.ts';
import type { Evaluation } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';
import { sorted } from './functions/list.ts';
import { type Code, located, rangeOf, textOf } from './reference.ts';
import { describe, isList, isMap, toJson, type Value } from './value.ts';
import type { Json } from '../json.ts';
import { visibleText } from '../visible-text.ts';

/** Charged for a fault that is caught: making one costs about as much as this many steps. */
export const faultSteps = 80;

export interface CompiledBinding {
  readonly node: ASTNode;
  readonly binding: Binding;
  /** Where the bound values are kept, one behind the other. */
  readonly slot: number;
  readonly over: Code;
  readonly bodies: readonly Code[];
}

/** What a macro goes through: an element, and with two names its position or key as well. */
interface Entry {
  readonly key: string | number;
  readonly value: Json;
}

export function compileBinding({ node, binding, slot, over, bodies }: CompiledBinding): Code {
  const [first, second] = bodies;
  const [firstNode, secondNode] = binding.bodies;
  if (first === undefined || firstNode === undefined) throw new Error('A binding has a body.');
  if (binding.macro === 'bind') {
    return (run) => {
      run.locals[slot] = over(run);
      return first(run);
    };
  }

  const cost = 1 + binding.bodies.reduce((sum, body) => sum + sizeOf(body), 0);
  const isPair = binding.names.length === 2;
  const itemsOf = (run: Evaluation): readonly Json[] => iterable(over(run), binding.over, run);
  const bind = (run: Evaluation, item: Json): void => {
    run.charge(cost);
    run.locals[slot] = item;
  };
  const entriesOf = (run: Evaluation): readonly Entry[] => entries(over(run), binding.over, run);
  const bindEntry = (run: Evaluation, { key, value }: Entry): void => {
    run.charge(cost);
    // A position is an integer, as that of indexOf() is.
    run.locals[slot] = typeof key === 'number' ? BigInt(key) : key;
    run.locals[slot + 1] = value;
  };
  const holds = (run: Evaluation, item: Json): boolean => {
    bind(run, item);
    return condition(first(run), firstNode);
  };
  const entryHolds = (run: Evaluation, entry: Entry): boolean => {
    bindEntry(run, entry);
    return condition(first(run), firstNode);
  };
  /** What the last body gives for each entry for which the condition, if there is one, is true. */
  const transformed = (run: Evaluation): readonly (Entry & { readonly result: Json })[] => {
    const found: (Entry & { readonly result: Json })[] = [];
    for (const entry of entriesOf(run)) {
      bindEntry(run, entry);
      if (second === undefined) found.push({ ...entry, result: toJson(first(run)) });
      else if (condition(first(run), firstNode)) found.push({ ...entry, result: toJson(second(run)) });
    }
    return found;
  };

  switch (binding.macro) {
    case 'filter':
      return (run) => itemsOf(run).filter((item) => holds(run, item));
    case 'exists_one':
      if (isPair) return (run) => entriesOf(run).filter((entry) => entryHolds(run, entry)).length === 1;
      return (run) => itemsOf(run).filter((item) => holds(run, item)).length === 1;
    case 'exists':
      if (isPair) return (run) => decide(entriesOf(run), (entry) => entryHolds(run, entry), true, run);
      return (run) => decide(itemsOf(run), (item) => holds(run, item), true, run);
    case 'all':
      if (isPair) return (run) => decide(entriesOf(run), (entry) => entryHolds(run, entry), false, run);
      return (run) => decide(itemsOf(run), (item) => holds(run, item), false, run);
    case 'map':
      if (second === undefined) {
        return (run) => itemsOf(run).map((item) => {
          bind(run, item);
          return toJson(first(run));
        });
      }
      return (run) => {
        const results: Json[] = [];
        for (const item of itemsOf(run)) if (holds(run, item)) results.push(toJson(second(run)));
        return results;
      };
    case 'sortBy':
      return located((run) => sorted(itemsOf(run), (item) => {
        bind(run, item);
        return first(run);
      }, run), firstNode);
    case 'groupBy':
      return (run) => {
        const groups = new Map<string, Json[]>();
        for (const item of itemsOf(run)) {
          bind(run, item);
          const key = first(run);
          if (typeof key !== 'string') throw new ExpressionFault('type', `A key of a map is text, but '${textOf(firstNode)}' is ${describe(key)}.${key === null ? '' : ` Write string(${textOf(firstNode)}).`}`, rangeOf(firstNode));
          const group = groups.get(key);
          if (group === undefined) groups.set(key, [item]);
          else group.push(item);
        }
        return Object.fromEntries(groups);
      };
    case 'transformList':
      return (run) => transformed(run).map(({ result }) => result);
    case 'transformMap':
      return (run) => Object.fromEntries(transformed(run).map(({ key, result }) => [`${key}`, result]));
    case 'transformMapEntry': {
      const resultNode = secondNode ?? firstNode;
      return (run) => {
        const fields = new Map<string, Json>();
        for (const { result } of transformed(run)) {
          if (!isMap(result)) throw new ExpressionFault('type', `transformMapEntry() puts maps together, but '${textOf(resultNode)}' is ${describe(result)}. Write {key: value}.`, rangeOf(resultNode));
          for (const [key, value] of Object.entries(result)) {
            run.charge(1);
            if (fields.has(key)) throw new ExpressionFault('evaluation', `The key '${visibleText(key)}' comes twice. To keep all, write list.groupBy(x, key).`, rangeOf(node));
            fields.set(key, value);
          }
        }
        return Object.fromEntries(fields);
      };
    }
  }
}

/** A condition is a boolean: nothing else is silently taken for one. */
export function condition(value: Value, node: ASTNode): boolean {
  if (typeof value === 'boolean') return value;
  throw new ExpressionFault('type', `A condition is true or false, but '${textOf(node)}' is ${describe(value)}. Compare it, for example with '== null' or '!= ""'.`, rangeOf(node));
}

/** CEL: an element that decides outweighs the errors of others. */
function decide<Item>(items: readonly Item[], holds: (item: Item) => boolean, deciding: boolean, run: Evaluation): boolean {
  let fault: ExpressionFault | undefined;
  for (const item of items) {
    try {
      if (holds(item) === deciding) return deciding;
    } catch (error) {
      fault = absorbable(error, fault, run);
    }
  }
  if (fault !== undefined) throw fault;
  return !deciding;
}

/** The first of the faults, to be thrown if nothing outweighs it. What can't be outweighed is thrown on. */
export function absorbable(error: unknown, first: ExpressionFault | undefined, run: Evaluation): ExpressionFault {
  if (!(error instanceof ExpressionFault) || error.kind === 'limit') throw error;
  run.charge(faultSteps);
  return first ?? error;
}

/** The positions and elements of a list, or the keys and values of a map. */
function entries(value: Value, node: ASTNode, run: Evaluation): readonly Entry[] {
  if (isMap(value)) {
    const found = Object.entries(value);
    run.charge(found.length);
    return found.map(([key, one]) => ({ key, value: one }));
  }
  const list = iterable(value, node, run);
  run.charge(list.length);
  return list.map((one, index) => ({ key: index, value: one }));
}

/** The elements of a list, or the keys of a map. */
function iterable(value: Value, node: ASTNode, run: Evaluation): readonly Json[] {
  if (isList(value)) return value;
  if (!isMap(value)) throw new ExpressionFault('type', `'${textOf(node)}' is ${describe(value)}: only a list, or the keys of a map, can be gone through.`, rangeOf(node));
  const keys = Object.keys(value);
  run.charge(keys.length);
  return keys;
}
