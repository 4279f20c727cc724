import type { ExpressionFunction } from './argument.ts';
import { globalFunctions, methodFunctions } from './function.ts';

export interface Macro {
  readonly parameters: readonly string[];
  readonly description: string;
  readonly usage: string;
}

/** What looks like a call but sees its arguments before they are evaluated. */
export const macros: ReadonlyMap<string, Macro> = new Map<string, Macro>([
  ['has', { parameters: ['path'], usage: 'has(item.email)', description: 'Whether a path exists. False if any part of it is missing.' }],
  ['default', { parameters: ['value', 'fallback'], usage: 'default(item.name, "friend")', description: 'The value, or the fallback where the value is missing or null.' }],
  ['filter', { parameters: ['name', 'condition'], usage: 'list.filter(x, condition)', description: 'The elements for which the condition holds.' }],
  ['map', { parameters: ['name', 'condition?', 'value'], usage: 'list.map(x, value) or list.map(x, condition, value)', description: 'A value for each element (for which the condition holds).' }],
  ['all', { parameters: ['name', 'condition'], usage: 'list.all(x, condition)', description: 'Whether the condition holds for every element.' }],
  ['exists', { parameters: ['name', 'condition'], usage: 'list.exists(x, condition)', description: 'Whether the condition holds for some element.' }],
  ['exists_one', { parameters: ['name', 'condition'], usage: 'list.exists_one(x, condition)', description: 'Whether the condition holds for exactly one element.' }],
  ['bind', { parameters: ['name', 'value', 'result'], usage: 'cel.bind(x, value, result)', description: 'The result, in which the name stands for the value.' }],
]);

/** One function that expressions can call, for completion, hover and the reference page. */
export interface CatalogEntry {
  readonly name: string;
  /** How it is written: `name(a, b)`, or `value.name(a)`. */
  readonly usage: string;
  readonly description: string;
  readonly kind: 'function' | 'method' | 'macro';
}

/** Every function, method and macro. */
export const expressionCatalog: readonly CatalogEntry[] = [
  ...[...globalFunctions].map(([name, entry]): CatalogEntry => ({ name, usage: `${name}(${entry.parameters.join(', ')})`, description: entry.description, kind: 'function' })),
  ...[...methodFunctions].map(([name, entry]): CatalogEntry => ({ name, usage: methodUsage(name, entry), description: entry.description, kind: 'method' })),
  ...[...macros].map(([name, { usage, description }]): CatalogEntry => ({ name, usage, description, kind: 'macro' })),
];

function methodUsage(name: string, { parameters }: ExpressionFunction): string {
  const [receiver = 'value', ...others] = parameters;
  return `${receiver}.${name}(${others.join(', ')})`;
}
