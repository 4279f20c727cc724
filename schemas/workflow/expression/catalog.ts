import type { ExpressionFunction } from './argument.ts';
import { globalFunctions, methodFunctions } from './function.ts';

export interface Macro {
  readonly parameters: readonly string[];
  readonly description: string;
  readonly usage: string;
  readonly example: ExpressionFunction['example'];
}

/** What looks like a call but sees its arguments before they are evaluated. */
export const macros: ReadonlyMap<string, Macro> = new Map<string, Macro>([
  ['has', { parameters: ['path'], usage: 'has(item.email)', description: 'Whether a path exists. False if any part of it is missing.', example: ["has({'a': 1}.b)", false] }],
  ['default', { parameters: ['value', 'fallback'], usage: 'default(item.name, "friend")', description: 'The value, or the fallback if the value is missing or null.', example: ["default({'a': 1}.b, 2)", 2] }],
  ['filter', { parameters: ['name', 'condition'], usage: 'list.filter(x, condition)', description: 'The elements for which the condition is true.', example: ['[1, 2, 3].filter(x, x > 1)', [2, 3]] }],
  ['map', { parameters: ['name', 'condition?', 'value'], usage: 'list.map(x, value) or list.map(x, condition, value)', description: 'A value for each element (for which the condition is true).', example: ['[1, 2].map(x, x * 2)', [2, 4]] }],
  ['all', { parameters: ['name', 'condition'], usage: 'list.all(x, condition) or list.all(i, x, condition)', description: 'Whether the condition is true for every element. With two names, the first is the position, or the key of a map.', example: ['[1, 2].all(x, x > 0)', true] }],
  ['exists', { parameters: ['name', 'condition'], usage: 'list.exists(x, condition) or list.exists(i, x, condition)', description: 'Whether the condition is true for at least one element. With two names, the first is the position, or the key of a map.', example: ["{'a': 1}.exists(key, value, value > 0)", true] }],
  ['exists_one', { parameters: ['name', 'condition'], usage: 'list.exists_one(x, condition) or list.exists_one(i, x, condition)', description: 'Whether the condition is true for exactly one element. With two names, the first is the position, or the key of a map.', example: ['[1, 2].exists_one(x, x > 1)', true] }],
  ['sortBy', { parameters: ['name', 'value'], usage: 'list.sortBy(x, value)', description: 'The elements in ascending order of a value of each: all numbers, all texts or all times. What is equal keeps its order; for descending order, reverse().', example: ["[{'a': 2}, {'a': 1}].sortBy(x, x.a)", [{ a: 1 }, { a: 2 }]] }],
  ['groupBy', { parameters: ['name', 'key'], usage: 'list.groupBy(x, key)', description: 'A map of lists: the elements by a key of each, which is text.', example: ["['ab', 'c', 'ad'].groupBy(x, x.charAt(0))", { a: ['ab', 'ad'], c: ['c'] }] }],
  ['transformList', { parameters: ['name', 'other', 'condition?', 'value'], usage: 'map.transformList(key, value, result) or map.transformList(key, value, condition, result)', description: 'A list of a result for each entry of a map, or for each position and element of a list (for which the condition is true).', example: ["{'a': 1, 'b': 2}.transformList(key, value, key + string(value))", ['a1', 'b2']] }],
  ['transformMap', { parameters: ['name', 'other', 'condition?', 'value'], usage: 'map.transformMap(key, value, result) or map.transformMap(key, value, condition, result)', description: 'A map with the same keys and a new value for each (for which the condition is true).', example: ["{'a': 1, 'b': 2}.transformMap(key, value, value * 10)", { a: 10, b: 20 }] }],
  ['transformMapEntry', { parameters: ['name', 'other', 'condition?', 'map'], usage: 'list.transformMapEntry(i, x, {key: value}) or list.transformMapEntry(i, x, condition, {key: value})', description: 'One map of the entries that each element of a list, or entry of a map, gives (for which the condition is true). A key that comes twice is an error.', example: ["[{'id': 'x', 'n': 1}].transformMapEntry(i, one, {one.id: one.n})", { x: 1 }] }],
  ['bind', { parameters: ['name', 'value', 'result'], usage: 'cel.bind(x, value, result)', description: 'The result, in which the name has the value.', example: ['cel.bind(x, 2, x * x)', 4] }],
]);

/** One function that expressions can call, for completion, hover and the reference page. */
export interface CatalogEntry {
  readonly name: string;
  /** How it is written: `name(a, b)`, or `value.name(a)`. */
  readonly usage: string;
  readonly description: string;
  readonly example: ExpressionFunction['example'];
  readonly kind: 'function' | 'method' | 'macro';
}

/** Every function, method and macro. */
export const expressionCatalog: readonly CatalogEntry[] = [
  ...[...globalFunctions].map(([name, entry]): CatalogEntry => ({ name, usage: `${name}(${entry.parameters.join(', ')})`, description: entry.description, example: entry.example, kind: 'function' })),
  ...[...methodFunctions].map(([name, entry]): CatalogEntry => ({ name, usage: methodUsage(name, entry), description: entry.description, example: entry.example, kind: 'method' })),
  ...[...macros].map(([name, { usage, description, example }]): CatalogEntry => ({ name, usage, description, example, kind: 'macro' })),
];

function methodUsage(name: string, { parameters }: ExpressionFunction): string {
  const [receiver = 'value', ...others] = parameters;
  return `${receiver}.${name}(${others.join(', ')})`;
}
