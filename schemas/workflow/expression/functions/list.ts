import type { Json } from '../../json.ts';
import { type FunctionEntry, integerArgument, listArgument } from '../argument.ts';
import type { Evaluation } from '../evaluation.ts';
import { ExpressionFault } from '../fault.ts';
import { compareValues, operators } from '../operator.ts';
import { alternativesOf, type ExpressionType, listOf, numberType, textType, unionOf, unknownType } from '../type.ts';
import { describe, isList, toJson, type Value } from '../value.ts';
import { canonicalJson } from './general.ts';

/** What one element of a list that expressions make costs: 8 bytes are paid for like 8 characters. */
const stepsPerElement = 8;

/** With those of CEL's lists extension. */
export const listFunctions: readonly FunctionEntry[] = [
  ['lists.range', { parameters: ['count'], takes: [['number']], gives: listOf(numberType), description: 'The whole numbers from 0 to before count.', example: ['lists.range(3)', [0, 1, 2]], call: range }],
];

export const listMethods: readonly FunctionEntry[] = [
  ['sum', { parameters: ['list'], takes: [['list']], gives: numberType, description: 'The sum of the numbers; 0 for an empty list.', example: ['[1, 2, 3.5].sum()', 6.5], call: sum }],
  ['min', { parameters: ['list'], takes: [['list']], gives: elementType, description: 'The least element of numbers, or of texts.', example: ['[3, 1, 2].min()', 1], call: (args, run) => extremeOf(listArgument(args, 0), 'least', run) }],
  ['max', { parameters: ['list'], takes: [['list']], gives: elementType, description: 'The greatest element of numbers, or of texts.', example: ['[3, 1, 2].max()', 3], call: (args, run) => extremeOf(listArgument(args, 0), 'greatest', run) }],
  ['first', { parameters: ['list'], takes: [['list']], gives: elementType, description: 'The first element. That of an empty list is missing: default(list.first(), null).', example: ['[3, 1, 2].first()', 3], call: (args) => end(args, 0) }],
  ['last', { parameters: ['list'], takes: [['list']], gives: elementType, description: 'The last element. That of an empty list is missing: default(list.last(), null).', example: ['[3, 1, 2].last()', 2], call: (args) => end(args, -1) }],
  ['sort', { parameters: ['list'], takes: [['list']], gives: sameList, description: 'The elements in ascending order: all numbers, all texts (by code point), or all booleans. By a field: sortBy().', example: ['[3, 1, 2].sort()', [1, 2, 3]], call: (args, run) => sorted(listArgument(args, 0), (item) => item, run) }],
  ['reverse', { parameters: ['list'], takes: [['list', 'text']], gives: ([value = unknownType]) => unionOf(alternativesOf(value).map((one) => (one.kind === 'text' ? textType : one))), description: 'The elements of a list, or the characters of a text, from the last to the first.', example: ['[1, 2, 3].reverse()', [3, 2, 1]], call: reverse }],
  ['distinct', { parameters: ['list'], takes: [['list']], gives: sameList, description: 'The elements, each value once, in the order of their first.', example: ["['b', 'a', 'b'].distinct()", ['b', 'a']], call: distinct }],
  ['flatten', { parameters: ['list', 'depth?'], takes: [['list'], ['number']], gives: flattened, description: 'The elements of the lists in a list; with a depth, of lists so many times within each other.', example: ['[[1, 2], [3], 4].flatten()', [1, 2, 3, 4]], call: flatten }],
  ['slice', { parameters: ['list', 'start', 'end?'], takes: [['list'], ['number']], gives: sameList, description: 'The elements from position start to before position end, or to the end of the list. A list that is shorter has fewer.', example: ['[1, 2, 3, 4].slice(1, 3)', [2, 3]], call: slice }],
  ['zip', { parameters: ['list', 'other'], takes: [['list'], ['list']], gives: listOf(listOf(unknownType)), description: 'Pairs of the elements of two lists of one length.', example: ["['a', 'b'].zip([1, 2])", [['a', 1], ['b', 2]]], repeats: true, call: zip }],
];

/** The one that no other is beyond. */
export function extremeOf(values: readonly Value[], end: 'greatest' | 'least', run: Evaluation): Value {
  run.charge(values.length);
  const [first, ...others] = values;
  if (first === undefined) throw new ExpressionFault('missing', `An empty list has no ${end} element. Write default(..., value).`);
  // Compared with itself, so that a lone element of a kind that has no order is refused as well.
  compareValues(first, first);
  const direction = end === 'greatest' ? 1 : -1;
  return others.reduce((best, value) => (direction * compareValues(value, best) > 0 ? value : best), first);
}

/** Stable: what is equal keeps its order. */
export function sorted(list: readonly Json[], keyOf: (item: Json) => Value, run: Evaluation): readonly Json[] {
  const keyed = list.map((item) => ({ item, key: keyOf(item) }));
  run.charge(list.length * Math.ceil(Math.log2(list.length + 1)));
  const [first] = keyed;
  if (first !== undefined) compareValues(first.key, first.key);
  return keyed.sort((a, b) => compareValues(a.key, b.key)).map(({ item }) => item);
}

function range(args: readonly Value[], run: Evaluation): Value {
  const count = integerArgument(args, 0);
  if (count < 0) throw new ExpressionFault('evaluation', `lists.range() takes a count from 0, not ${count}.`);
  run.charge(stepsPerElement * count);
  return Array.from({ length: count }, (_, index) => index);
}

function sum(args: readonly Value[], run: Evaluation): Value {
  const list = listArgument(args, 0);
  run.charge(list.length);
  let total: Value = 0;
  for (const [index, item] of list.entries()) {
    if (typeof item !== 'number') throw new ExpressionFault('type', `sum() adds numbers, but element ${index} is ${describe(item)}.${typeof item === 'string' ? ' Write list.map(x, double(x)).sum().' : ''}`);
    total = operators['+'](total, item, run);
  }
  return total;
}

function end(args: readonly Value[], index: 0 | -1): Value {
  const element = listArgument(args, 0).at(index);
  if (element === undefined) throw new ExpressionFault('missing', `An empty list has no ${index === 0 ? 'first' : 'last'} element. Write default(list.${index === 0 ? 'first' : 'last'}(), value).`);
  return element;
}

function reverse(args: readonly Value[], run: Evaluation): Value {
  const [value = null] = args;
  if (typeof value === 'string') {
    run.charge(value.length);
    run.chargeText(value.length);
    return Array.from(value).reverse().join('');
  }
  const list = listArgument(args, 0);
  run.charge(list.length);
  return list.toReversed();
}

function distinct(args: readonly Value[], run: Evaluation): Value {
  const list = listArgument(args, 0);
  const found = new Map<string, Json>();
  for (const item of list) {
    run.measure(item);
    const key = canonicalJson(toJson(item));
    if (!found.has(key)) found.set(key, item);
  }
  return [...found.values()];
}

function flatten(args: readonly Value[], run: Evaluation): Value {
  const list = listArgument(args, 0);
  const depth = args.length > 1 ? integerArgument(args, 1) : 1;
  if (depth < 0) throw new ExpressionFault('evaluation', `flatten() takes a depth from 0, not ${depth}.`);
  const found: Json[] = [];
  collectInto(found, list, depth, run);
  return found;
}

function collectInto(found: Json[], list: readonly Json[], depth: number, run: Evaluation): void {
  for (const item of list) {
    run.charge(stepsPerElement);
    if (depth > 0 && isList(item)) collectInto(found, item, depth - 1, run);
    else found.push(item);
  }
}

function slice(args: readonly Value[], run: Evaluation): Value {
  const list = listArgument(args, 0);
  const start = integerArgument(args, 1);
  const end = args.length > 2 ? integerArgument(args, 2) : list.length;
  if (start < 0 || end < 0) throw new ExpressionFault('evaluation', `slice() takes positions from 0, not ${Math.min(start, end)}.`);
  if (args.length > 2 && end < start) throw new ExpressionFault('evaluation', `The part ends at ${end}, before it begins at ${start}.`);
  run.charge(Math.min(list.length, end));
  return list.slice(start, end);
}

function zip(args: readonly Value[], run: Evaluation): Value {
  const [list, other] = [listArgument(args, 0), listArgument(args, 1)];
  if (list.length !== other.length) throw new ExpressionFault('evaluation', `zip() takes lists of one length, but one has ${list.length} and the other ${other.length}.`);
  run.charge(stepsPerElement * list.length);
  return list.map((item, index) => [item, other[index] ?? null]);
}

function elementType([list = unknownType]: readonly ExpressionType[]): ExpressionType {
  return unionOf(alternativesOf(list).map((one) => (one.kind === 'list' ? one.items : unknownType)));
}

function sameList([list = unknownType]: readonly ExpressionType[]): ExpressionType {
  const lists = alternativesOf(list).filter(({ kind }) => kind === 'list');
  return lists.length === 0 ? listOf(unknownType) : unionOf(lists);
}

function flattened([list = unknownType, depth]: readonly ExpressionType[]): ExpressionType {
  if (depth !== undefined) return listOf(unknownType);
  return listOf(unionOf(alternativesOf(elementType([list])).map((one) => (one.kind === 'list' ? one.items : one))));
}
