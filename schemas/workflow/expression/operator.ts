import { compareCodePoints } from '../code-points.ts';
import type { Evaluation } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';
import { readTime } from './time-text.ts';
import { describe, isList, isMap, isNumeric, TimeSpan, Timestamp, type Value } from './value.ts';
import type { Json } from '../json.ts';

export type Operator = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in';

type Operation = (left: Value, right: Value, run: Evaluation) => Value;

/**
 * CEL's binary operators over JSON. Two integers (literals, size(), int()) give an integer; where either side is a JSON number,
 * both are taken as doubles. Integers are CEL's 64 bits.
 */
export const operators: Readonly<Record<Operator, Operation>> = {
  '+': add,
  '-': (left, right) => {
    if (typeof left === 'number' && typeof right === 'number') return checkedDouble(left - right, left, right, '-');
    if (right instanceof TimeSpan && typeof left === 'string') return new Timestamp(momentOf(left).valueOf() - right.valueOf());
    if (left instanceof Timestamp && right instanceof TimeSpan) return new Timestamp(left.valueOf() - right.valueOf());
    const pair = momentPair(left, right);
    if (pair !== undefined) return new TimeSpan(pair[0].valueOf() - pair[1].valueOf());
    if (left instanceof TimeSpan && right instanceof TimeSpan) return new TimeSpan(left.valueOf() - right.valueOf());
    return arithmetic('-', left, right, (a, b) => a - b, (a, b) => a - b);
  },
  '*': (left, right) => arithmetic('*', left, right, (a, b) => a * b, (a, b) => a * b),
  '/': (left, right) => {
    refuseZero(left, right);
    return arithmetic('/', left, right, (a, b) => a / b, (a, b) => a / b);
  },
  '%': (left, right) => {
    refuseZero(left, right);
    return arithmetic('%', left, right, (a, b) => a % b, (a, b) => a % b);
  },
  '==': (left, right, run) => isEqual(left, right, run),
  '!=': (left, right, run) => !isEqual(left, right, run),
  '<': (left, right) => (isNumeric(left) && isNumeric(right) ? left < right : order('<', left, right) < 0),
  '<=': (left, right) => (isNumeric(left) && isNumeric(right) ? left <= right : order('<=', left, right) <= 0),
  '>': (left, right) => (isNumeric(left) && isNumeric(right) ? left > right : order('>', left, right) > 0),
  '>=': (left, right) => (isNumeric(left) && isNumeric(right) ? left >= right : order('>=', left, right) >= 0),
  in: isIn,
};

/** Values of different kinds are unequal rather than an error; `1 == 1.0` holds. Lists and maps are compared by content. */
export function isEqual(left: Value, right: Value, run: Evaluation): boolean {
  if (left === right) return true;
  if (typeof left === 'string' && typeof right === 'string') {
    if (left.length === right.length) run.charge(left.length >>> 3);
    return false;
  }
  // Exact for an integer and a double as well, which `Number(left) === right` is not beyond 2^53.
  if (isNumeric(left) && isNumeric(right)) return left <= right && left >= right;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  run.charge(1);
  if (left instanceof Timestamp) return right instanceof Timestamp && left.valueOf() === right.valueOf();
  if (left instanceof TimeSpan) return right instanceof TimeSpan && left.valueOf() === right.valueOf();
  if (isList(left)) {
    if (!isList(right) || left.length !== right.length) return false;
    run.charge(left.length);
    return left.every((item, index) => isEqual(item, elementAt(right, index), run));
  }
  if (!isMap(left) || !isMap(right)) return false;
  const other = right;
  const entries = Object.entries(left);
  run.charge(entries.length);
  return entries.length === Object.keys(other).length && entries.every(([key, item]) => Object.hasOwn(other, key) && isEqual(item, other[key] ?? null, run));
}

export function negate(value: Value): Value {
  if (typeof value === 'number') return -value;
  if (typeof value === 'bigint') return checkedInteger(-value);
  if (value instanceof TimeSpan) return new TimeSpan(-value.valueOf());
  throw new ExpressionFault('type', `'-' needs a number, but this is ${describe(value)}.`);
}

/** CEL's int has 64 bits; an operation that leaves them is an error, not a wrap. */
export function checkedInteger(value: bigint): bigint {
  if (value > 9223372036854775807n || value < -9223372036854775808n) throw new ExpressionFault('evaluation', 'Integer overflow: the result has more than 64 bits.');
  return value;
}

export function elementAt(list: readonly Json[], index: number): Json {
  return list[index] ?? null;
}

function add(left: Value, right: Value, run: Evaluation): Value {
  if (typeof left === 'number' && typeof right === 'number') return checkedDouble(left + right, left, right, '+');
  if (typeof left === 'string' && typeof right === 'string') {
    run.chargeText(left.length + right.length);
    return left + right;
  }
  if (isList(left) && isList(right)) {
    run.charge(left.length + right.length);
    return [...left, ...right];
  }
  if (left instanceof TimeSpan && right instanceof TimeSpan) return new TimeSpan(left.valueOf() + right.valueOf());
  if (isMoment(left) && right instanceof TimeSpan) return new Timestamp(momentOf(left).valueOf() + right.valueOf());
  if (left instanceof TimeSpan && isMoment(right)) return new Timestamp(left.valueOf() + momentOf(right).valueOf());
  return arithmetic('+', left, right, (a, b) => a + b, (a, b) => a + b);
}

function arithmetic(operator: '+' | '-' | '*' | '/' | '%', left: Value, right: Value, double: (a: number, b: number) => number, integer: (a: bigint, b: bigint) => bigint): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') return checkedInteger(integer(left, right));
  if (isNumeric(left) && isNumeric(right)) {
    const [a, b] = [exactDouble(left, `'${operator}'`), exactDouble(right, `'${operator}'`)];
    return checkedDouble(double(a, b), a, b, operator);
  }
  throw mismatch(operator, left, right);
}

/** An integer as a JSON number, if that holds all of its digits. */
export function exactDouble(value: number | bigint, name: string): number {
  const double = Number(value);
  if (typeof value === 'number' || BigInt(double) === value) return double;
  throw new ExpressionFault('evaluation', `${name} would change the last digits of ${value.toString()}: a JSON number keeps about 16 of them. Make the other one an integer as well, with int().`);
}

/**
 * What is calculated with whole numbers is a whole number; where a double can't hold it, it is refused instead of rounded. Of fractions, and
 * beyond 10^21, where a number is no longer written digit by digit, the nearest double is the result, as everybody knows it.
 */
function checkedDouble(result: number, left: number, right: number, operator: '+' | '-' | '*' | '/' | '%'): number {
  if ((result <= Number.MAX_SAFE_INTEGER && result >= -Number.MAX_SAFE_INTEGER) || operator === '/' || operator === '%') return result;
  if (!Number.isInteger(left) || !Number.isInteger(right) || Math.abs(result) >= 1e21) return result;
  const [a, b] = [BigInt(left), BigInt(right)];
  const exact = operator === '+' ? a + b : operator === '-' ? a - b : a * b;
  if (BigInt(result) === exact) return result;
  throw new ExpressionFault('evaluation', `The result, ${exact.toString()}, is beyond 2^53, where a JSON number doesn't hold every digit. Calculate with integers, int(a) ${operator} int(b), and use string() to keep the digits.`);
}

/** A timestamp, or a text that may say one, such as what now() gives. */
function isMoment(value: Value): value is Timestamp | string {
  return value instanceof Timestamp || typeof value === 'string';
}

/** Two points in time, of which one may be text: of two texts, nobody knows whether they are meant so. */
function momentPair(left: Value, right: Value): readonly [Timestamp, Timestamp] | undefined {
  if (!isMoment(left) || !isMoment(right) || (typeof left === 'string' && typeof right === 'string')) return undefined;
  return [momentOf(left), momentOf(right)];
}

function momentOf(value: Timestamp | string): Timestamp {
  if (value instanceof Timestamp) return value;
  const read = readTime(value);
  if (!read.hasZone && !read.isDate) throw new ExpressionFault('evaluation', `'${value}' says no time zone: write timestamp(text, zone).`);
  return new Timestamp(read.ms);
}

function refuseZero(left: Value, right: Value): void {
  if (isNumeric(left) && (right === 0 || right === 0n)) throw new ExpressionFault('evaluation', 'Division by zero.');
}

/** Less than, equal to or greater than 0, for two values of a kind that has an order. */
export function compareValues(left: Value, right: Value): number {
  if (isNumeric(left) && isNumeric(right)) return left < right ? -1 : left > right ? 1 : 0;
  return order('<', left, right);
}

function order(operator: Operator, left: Value, right: Value): number {
  if (typeof left === 'string' && typeof right === 'string') return compareCodePoints(left, right);
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (left instanceof TimeSpan && right instanceof TimeSpan) return left.valueOf() - right.valueOf();
  const pair = momentPair(left, right);
  if (pair !== undefined) return pair[0].valueOf() - pair[1].valueOf();
  throw mismatch(operator, left, right);
}

function isIn(left: Value, right: Value, run: Evaluation): boolean {
  if (isList(right)) {
    run.charge(right.length);
    return right.some((item) => isEqual(left, item, run));
  }
  if (isMap(right)) return typeof left === 'string' && Object.hasOwn(right, left);
  if (typeof right === 'string') throw new ExpressionFault('type', `'in' looks into lists and maps; for text, write contains(text, part).`);
  throw new ExpressionFault('type', `'in' looks into a list or a map, but this is ${describe(right)}.`);
}

function mismatch(operator: Operator, left: Value, right: Value): ExpressionFault {
  const hint =
    operator === '+' && (typeof left === 'string' || typeof right === 'string')
      ? ` To make text of a value, write string(value), or format('{0} {1}', a, b).`
      : isNumeric(left) !== isNumeric(right) && (typeof left === 'string' || typeof right === 'string')
        ? ' To make a number of text, write double(text).'
        : '';
  return new ExpressionFault('type', `'${operator}' doesn't work on ${describe(left)} and ${describe(right)}.${hint}`);
}
