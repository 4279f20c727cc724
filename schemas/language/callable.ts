import type { ExpressionFunction } from '../workflow/expression-argument.ts';
import { macros } from '../workflow/expression-catalog.ts';
import { globalFunctions, methodFunctions } from '../workflow/expression-function.ts';
import { globalSignatures, methodSignatures, resultOf, takenAt, type Signature } from '../workflow/expression-signature.ts';
import { describeType, unknownType, type ExpressionType, type TypeKind } from '../workflow/expression-type.ts';

/** A function, method or macro as an editor shows it. */
export interface Callable {
  readonly name: string;
  readonly kind: 'function' | 'method' | 'macro';
  readonly parameters: readonly CallableParameter[];
  /** `contains(in: text | list, part: any): boolean`. */
  readonly label: string;
  readonly description: string;
  /** Kinds of values that it is called on; undefined: on any, or on none. */
  readonly receiver: readonly TypeKind[] | undefined;
}

export interface CallableParameter {
  /** As it stands in the label. */
  readonly label: string;
  readonly name: string;
  readonly isOptional: boolean;
}

/** What stands alone: functions, and the macros that do. */
export const globalCallables: ReadonlyMap<string, Callable> = new Map([
  ...[...globalFunctions].map(([name, entry]) => [name, callable(name, 'function', entry, globalSignatures.get(name))] as const),
  ...['has', 'default'].flatMap((name) => macroCallable(name, undefined)),
]);

/** What is called on a value. */
export const methodCallables: ReadonlyMap<string, Callable> = new Map([
  ...[...methodFunctions].map(([name, entry]) => [name, callable(name, 'method', entry, methodSignatures.get(name))] as const),
  ...['filter', 'map', 'all', 'exists', 'exists_one'].flatMap((name) => macroCallable(name, ['list', 'map'])),
]);

/** `cel.bind()`. */
export const bindCallable: Callable | undefined = macroCallable('bind', undefined)[0]?.[1];

function callable(name: string, kind: 'function' | 'method', { parameters, description }: ExpressionFunction, signature: Signature | undefined): Callable {
  const shown = parameters.slice(kind === 'method' ? 1 : 0).map((written, index) => parameter(written, signature && takenAt(signature, kind === 'method' ? index + 1 : index)));
  const result = signature === undefined ? unknownType : resultOf(signature, []);
  return { name, kind, parameters: shown, label: labelOf(name, shown, result), description, receiver: kind === 'method' && signature !== undefined ? takenAt(signature, 0) : undefined };
}

function macroCallable(name: string, receiver: readonly TypeKind[] | undefined): readonly (readonly [string, Callable])[] {
  const macro = macros.get(name);
  if (macro === undefined) return [];
  const parameters = macro.parameters.map((written): CallableParameter => ({ name: written.replace(/\?$/, ''), label: written, isOptional: written.endsWith('?') }));
  const label = `${name === 'bind' ? 'cel.' : ''}${name}(${parameters.map((one) => one.label).join(', ')})`;
  return [[name, { name, kind: 'macro', parameters, label, description: `${macro.description}\n\nUsage: \`${macro.usage}\``, receiver }]];
}

function parameter(written: string, kinds: readonly TypeKind[] | undefined): CallableParameter {
  return { name: written.replace(/^\.\.\.|\?$/g, ''), label: `${written}: ${kinds === undefined ? 'any' : kinds.join(' | ')}`, isOptional: written.startsWith('...') || written.endsWith('?') };
}

function labelOf(name: string, parameters: readonly CallableParameter[], result: ExpressionType): string {
  return `${name}(${parameters.map(({ label }) => label).join(', ')}): ${describeType(result)}`;
}
