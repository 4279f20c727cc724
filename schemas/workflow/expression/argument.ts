import type { Evaluation } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';
import { describe, isList, isMap, isNumeric, type Value } from './value.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ExpressionType, TypeKind } from './type.ts';

/** A function that expressions can call: all that the evaluation, the type checker, the editor and the reference page know of it. */
export interface ExpressionFunction {
  /** Names, the receiver of a method first; `name?` may be left out, `...names` takes any number. */
  readonly parameters: readonly string[];
  /** Kinds that each parameter takes, in their order; undefined: any. The last one holds for all that follow. */
  readonly takes: readonly (readonly TypeKind[] | undefined)[];
  /** By the types of the arguments, where it depends on them. */
  readonly gives: ExpressionType | ((args: readonly ExpressionType[]) => ExpressionType);
  readonly description: string;
  /** An expression and its value; without one where it depends on the run. A test evaluates it. */
  readonly example: readonly [source: string, value?: Json];
  /** Whether its result may hold a part of its arguments more than once, so that few steps build what is far larger than it looks. */
  readonly repeats?: boolean;
  /** May throw an ExpressionFault without a range: the call adds its own. Pays for what it does through `run`. */
  readonly call: (args: readonly Value[], run: Evaluation) => Value;
}

export type FunctionEntry = readonly [name: string, called: ExpressionFunction];

/** The kinds that an argument may have; undefined: any. */
export function takenAt({ takes }: Pick<ExpressionFunction, 'takes'>, index: number): readonly TypeKind[] | undefined {
  return takes[Math.min(index, takes.length - 1)];
}

export function resultOf({ gives }: Pick<ExpressionFunction, 'gives'>, args: readonly ExpressionType[]): ExpressionType {
  return typeof gives === 'function' ? gives(args) : gives;
}

/** The least and the most arguments, a method's receiver included. */
export function argumentCounts({ parameters }: Pick<ExpressionFunction, 'parameters'>): readonly [least: number, most: number] {
  const variadic = parameters.some((name) => name.startsWith('...'));
  const least = parameters.filter((name) => !name.startsWith('...') && !name.endsWith('?')).length;
  return [least, variadic ? Number.POSITIVE_INFINITY : parameters.length];
}

export function textArgument(args: readonly Value[], index: number): string {
  const value = args[index] ?? null;
  if (typeof value === 'string') return value;
  throw new ExpressionFault('type', `Text is needed here, but ${place(index)} is ${describe(value)}.`);
}

export function listArgument(args: readonly Value[], index: number): readonly Json[] {
  const value = args[index] ?? null;
  if (isList(value)) return value;
  throw new ExpressionFault('type', `A list is needed here, but ${place(index)} is ${describe(value)}.`);
}

export function mapArgument(args: readonly Value[], index: number): JsonObject {
  const value = args[index] ?? null;
  if (isMap(value)) return value;
  throw new ExpressionFault('type', `A map is needed here, but ${place(index)} is ${describe(value)}.`);
}

export function numberArgument(args: readonly Value[], index: number): number | bigint {
  const value = args[index] ?? null;
  if (isNumeric(value)) return value;
  throw new ExpressionFault('type', `A number is needed here, but ${place(index)} is ${describe(value)}.`);
}

/** A whole number, whether it comes as CEL's int or as a JSON number. */
export function integerArgument(args: readonly Value[], index: number): number {
  const value = args[index] ?? null;
  if (isNumeric(value) && Number.isSafeInteger(Number(value))) return Number(value);
  throw new ExpressionFault('type', `A whole number is needed here, but ${place(index)} is ${isNumeric(value) ? 'not whole' : describe(value)}.`);
}

function place(index: number): string {
  return ['the first value', 'the second value'][index] ?? `value ${index + 1}`;
}
