import { sizeOf, type ASTNode, type Binding } from './ast.ts';
import type { Evaluation } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';
import { type Code, rangeOf, textOf } from './reference.ts';
import { describe, isList, isMap, toJson, type Value } from './value.ts';
import type { Json } from '../json.ts';

/** Charged for a fault that is caught: making one costs about as much as this many steps. */
export const faultSteps = 80;

export interface CompiledBinding {
  readonly binding: Binding;
  /** Where the bound value is kept. */
  readonly slot: number;
  readonly over: Code;
  readonly bodies: readonly Code[];
}

export function compileBinding({ binding, slot, over, bodies }: CompiledBinding): Code {
  const [first, second] = bodies;
  const [firstNode] = binding.bodies;
  if (first === undefined || firstNode === undefined) throw new Error('A binding has a body.');
  if (binding.macro === 'bind') {
    return (run) => {
      run.locals[slot] = over(run);
      return first(run);
    };
  }

  const cost = 1 + binding.bodies.reduce((sum, body) => sum + sizeOf(body), 0);
  const itemsOf = (run: Evaluation): readonly Json[] => iterable(over(run), binding.over, run);
  const bind = (run: Evaluation, item: Json): void => {
    run.charge(cost);
    run.locals[slot] = item;
  };
  const holds = (run: Evaluation, item: Json): boolean => {
    bind(run, item);
    return condition(first(run), firstNode);
  };

  switch (binding.macro) {
    case 'filter':
      return (run) => itemsOf(run).filter((item) => holds(run, item));
    case 'exists_one':
      return (run) => itemsOf(run).filter((item) => holds(run, item)).length === 1;
    case 'exists':
      return (run) => decide(itemsOf(run), (item) => holds(run, item), true, run);
    case 'all':
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
  }
}

/** A condition is a boolean: nothing else is silently taken for one. */
export function condition(value: Value, node: ASTNode): boolean {
  if (typeof value === 'boolean') return value;
  throw new ExpressionFault('type', `A condition is true or false, but '${textOf(node)}' is ${describe(value)}. Compare it, for example with '== null' or '!= ""'.`, rangeOf(node));
}

/** CEL: an element that decides outweighs the errors of others. */
function decide(items: readonly Json[], holds: (item: Json) => boolean, deciding: boolean, run: Evaluation): boolean {
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

/** The elements of a list, or the keys of a map. */
function iterable(value: Value, node: ASTNode, run: Evaluation): readonly Json[] {
  if (isList(value)) return value;
  if (!isMap(value)) throw new ExpressionFault('type', `'${textOf(node)}' is ${describe(value)}: only a list, or the keys of a map, can be gone through.`, rangeOf(node));
  const keys = Object.keys(value);
  run.charge(keys.length);
  return keys;
}
