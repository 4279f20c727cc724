import { type FunctionEntry, mapArgument } from '../argument.ts';
import type { Evaluation } from '../evaluation.ts';
import { alternativesOf, type ExpressionField, type ExpressionType, listOf, textType, unionOf, unknownType } from '../type.ts';
import type { Value } from '../value.ts';

/** Of maps. CEL has only macros for them: transformList() and its like. */
export const mapMethods: readonly FunctionEntry[] = [
  ['keys', { parameters: ['map'], takes: [['map']], gives: listOf(textType), description: 'The keys of a map, in their order.', example: ["{'a': 1, 'b': 2}.keys()", ['a', 'b']], call: (args, run) => charged(Object.keys(mapArgument(args, 0)), run) }],
  ['values', { parameters: ['map'], takes: [['map']], gives: valuesType, description: 'The values of a map, in the order of its keys.', example: ["{'a': 1, 'b': 2}.values()", [1, 2]], call: (args, run) => charged(Object.values(mapArgument(args, 0)), run) }],
  ['merge', { parameters: ['map', 'other'], takes: [['map'], ['map']], gives: mergedType, description: 'Both maps in one; of a key that both have, the value of the other one.', example: ["{'a': 1, 'b': 2}.merge({'b': 3})", { a: 1, b: 3 }], call: merge }],
];

function charged<Item>(items: readonly Item[], run: Evaluation): readonly Item[] {
  run.charge(items.length);
  return items;
}

function merge(args: readonly Value[], run: Evaluation): Value {
  const entries = [mapArgument(args, 0), mapArgument(args, 1)].flatMap((map) => Object.entries(map));
  run.charge(8 * entries.length);
  // fromEntries defines keys instead of assigning them, so that `__proto__` is a key like any other.
  return Object.fromEntries(entries);
}

function valuesType([map = unknownType]: readonly ExpressionType[]): ExpressionType {
  return listOf(unionOf(alternativesOf(map).flatMap((one): readonly ExpressionType[] => (one.kind === 'map' ? [...[...one.fields.values()].map(({ type }) => type), ...(one.rest === undefined ? [] : [one.rest])] : [unknownType]))));
}

function mergedType([one = unknownType, other = unknownType]: readonly ExpressionType[]): ExpressionType {
  if (one.kind !== 'map' || other.kind !== 'map') return { kind: 'map', fields: new Map(), rest: unknownType };
  const fields = new Map<string, ExpressionField>(one.fields);
  for (const [name, field] of other.fields) {
    const below = fields.get(name)?.type ?? one.rest;
    fields.set(name, field.required || below === undefined ? field : { ...field, type: unionOf([field.type, below]), required: fields.get(name)?.required === true });
  }
  const rests = [one.rest, other.rest].filter((rest) => rest !== undefined);
  if (rests.length === 0) return { kind: 'map', fields };
  // What the other one doesn't list may stand over any field of the first.
  const { rest } = other;
  if (rest !== undefined) for (const [name, field] of fields) if (!other.fields.has(name)) fields.set(name, { ...field, type: unionOf([field.type, rest]) });
  return { kind: 'map', fields, rest: unionOf(rests) };
}
