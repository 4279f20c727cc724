import type { Evaluation } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';
import { describe, isList, isNumeric, type Value } from './value.ts';
import type { Json } from '../json.ts';

/** A function that expressions can call. Completion and hover show its parameters and description. */
export interface ExpressionFunction {
  /** Names, the receiver of a method first; `name?` may be left out, `...names` takes any number. */
  readonly parameters: readonly string[];
  readonly description: string;
  /** May throw an ExpressionFault without a range: the call adds its own. Pays for what it does through `run`. */
  readonly call: (args: readonly Value[], run: Evaluation) => Value;
}

export type FunctionTable = ReadonlyMap<string, ExpressionFunction>;

/** The least and the most arguments, a method's receiver included. */
export function argumentCounts({ parameters }: ExpressionFunction): readonly [least: number, most: number] {
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

/** A whole number, whether it comes as CEL's int or as a JSON number. */
export function integerArgument(args: readonly Value[], index: number): number {
  const value = args[index] ?? null;
  if (isNumeric(value) && Number.isSafeInteger(Number(value))) return Number(value);
  throw new ExpressionFault('type', `A whole number is needed here, but ${place(index)} is ${isNumeric(value) ? 'not whole' : describe(value)}.`);
}

function place(index: number): string {
  return ['the first value', 'the second value'][index] ?? `value ${index + 1}`;
}
