import { type FunctionEntry, integerArgument, numberArgument } from '../argument.ts';
import type { Evaluation } from '../evaluation.ts';
import { ExpressionFault } from '../fault.ts';
import { checkedInteger } from '../operator.ts';
import { booleanType, numberType, textType } from '../type.ts';
import { isList, type Value } from '../value.ts';
import { extremeOf } from './list.ts';

/** Most decimal places that a number can be rounded to: a double has no more. */
const maxPlaces = 15;

/** Those of CEL's math extension that make sense for JSON's numbers; an integer stays one. */
export const numberFunctions: readonly FunctionEntry[] = [
  ['math.round', { parameters: ['number', 'places?'], takes: [['number'], ['number']], gives: numberType, description: 'The number rounded to a whole one, or to so many decimal places; halves away from zero, as they are written: 1.005 becomes 1.01.', example: ['math.round(1.005, 2)', 1.01], call: round }],
  ['math.ceil', { parameters: ['number'], takes: [['number']], gives: numberType, description: 'The next whole number upwards.', example: ['math.ceil(1.2)', 2], call: (args) => whole(args, Math.ceil) }],
  ['math.floor', { parameters: ['number'], takes: [['number']], gives: numberType, description: 'The next whole number downwards.', example: ['math.floor(-1.2)', -2], call: (args) => whole(args, Math.floor) }],
  ['math.trunc', { parameters: ['number'], takes: [['number']], gives: numberType, description: 'The number without its fraction.', example: ['math.trunc(-1.7)', -1], call: (args) => whole(args, Math.trunc) }],
  ['math.abs', { parameters: ['number'], takes: [['number']], gives: numberType, description: 'The number without its sign.', example: ['math.abs(-3)', 3], call: abs }],
  ['math.sign', { parameters: ['number'], takes: [['number']], gives: numberType, description: '-1, 0 or 1, as the number is less than, equal to or greater than 0.', example: ['math.sign(-3)', -1], call: sign }],
  ['math.sqrt', { parameters: ['number'], takes: [['number']], gives: numberType, description: 'The square root.', example: ['math.sqrt(9)', 3], call: squareRoot }],
  ['math.greatest', { parameters: ['number', '...numbers'], takes: [['number', 'list'], ['number']], gives: numberType, description: 'The greatest of the numbers, or of one list of them.', example: ['math.greatest(1, 3, 2)', 3], call: (args, run) => extreme(args, 'greatest', run) }],
  ['math.least', { parameters: ['number', '...numbers'], takes: [['number', 'list'], ['number']], gives: numberType, description: 'The least of the numbers, or of one list of them.', example: ['math.least(1, 3, 2)', 1], call: (args, run) => extreme(args, 'least', run) }],
  ['math.isNaN', { parameters: ['number'], takes: [['number']], gives: booleanType, description: 'Whether the value is not a number. No JSON number is.', example: ['math.isNaN(1.5)', false], call: (args) => Number.isNaN(numberArgument(args, 0)) }],
  ['math.isInf', { parameters: ['number'], takes: [['number']], gives: booleanType, description: 'Whether the number is infinite. No JSON number is.', example: ['math.isInf(1.5)', false], call: (args) => Math.abs(Number(numberArgument(args, 0))) === Number.POSITIVE_INFINITY }],
  ['math.isFinite', { parameters: ['number'], takes: [['number']], gives: booleanType, description: 'Whether the number is neither infinite nor NaN.', example: ['math.isFinite(1.5)', true], call: (args) => Number.isFinite(Number(numberArgument(args, 0))) }],
  ['formatNumber', { parameters: ['number', 'places'], takes: [['number'], ['number']], gives: textType, description: 'The number as text with exactly so many decimal places, rounded as by math.round().', example: ['formatNumber(2.5, 2)', '2.50'], call: formatNumber }],
];

function whole(args: readonly Value[], change: (value: number) => number): Value {
  const value = numberArgument(args, 0);
  return typeof value === 'bigint' ? value : change(value);
}

function round(args: readonly Value[]): Value {
  const value = numberArgument(args, 0);
  const places = args.length > 1 ? placesOf(args) : 0;
  return typeof value === 'bigint' ? value : roundedTo(value, places);
}

function formatNumber(args: readonly Value[]): Value {
  const value = numberArgument(args, 0);
  const places = placesOf(args);
  if (typeof value === 'bigint') return places === 0 ? value.toString() : `${value.toString()}.${'0'.repeat(places)}`;
  if (Math.abs(value) >= 1e21) throw new ExpressionFault('evaluation', 'formatNumber() takes numbers of at most 21 digits.');
  const rounded = roundedTo(value, places);
  // Of -0.001 nothing is left but its sign.
  return (rounded === 0 ? 0 : rounded).toFixed(places);
}

function placesOf(args: readonly Value[]): number {
  const places = integerArgument(args, 1);
  if (places < 0 || places > maxPlaces) throw new ExpressionFault('evaluation', `A number is rounded to 0 to ${maxPlaces} decimal places, not ${places}.`);
  return places;
}

/** By the digits that a person sees: 1.005 is less than that in binary, and Math.round(100.5) alone would not tell. */
function roundedTo(value: number, places: number): number {
  // Beyond 2^52 a number has no fraction.
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 52) return value;
  const shifted = Math.round(shift(Math.abs(value), places));
  return Math.sign(value) * shift(shifted, -places);
}

/** Moves the decimal point of a number's text, which multiplying would not do exactly. */
function shift(value: number, places: number): number {
  const [digits = '0', exponent = '0'] = String(value).split('e');
  return Number(`${digits}e${Number(exponent) + places}`);
}

function abs(args: readonly Value[]): Value {
  const value = numberArgument(args, 0);
  return typeof value === 'bigint' ? checkedInteger(value < 0n ? -value : value) : Math.abs(value);
}

function sign(args: readonly Value[]): Value {
  const value = numberArgument(args, 0);
  return typeof value === 'bigint' ? BigInt(Math.sign(Number(value))) : Math.sign(value);
}

function squareRoot(args: readonly Value[]): Value {
  const value = Number(numberArgument(args, 0));
  if (value < 0) throw new ExpressionFault('evaluation', 'A negative number has no square root.');
  return Math.sqrt(value);
}

function extreme(args: readonly Value[], end: 'greatest' | 'least', run: Evaluation): Value {
  const [first = null] = args;
  const numbers: readonly Value[] = args.length === 1 && isList(first) ? first : args;
  for (const index of numbers.keys()) numberArgument(numbers, index);
  return extremeOf(numbers, end, run);
}
