import { compareCodePoints } from '../code-points.ts';
import type { Evaluation } from './evaluation.ts';
import { ExpressionFault } from './fault.ts';
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
    if (typeof left === 'number' && typeof right === 'number') return left - right;
    if (left instanceof Timestamp && right instanceof TimeSpan) return new Timestamp(left.valueOf() - right.valueOf());
    if (left instanceof Timestamp && right instanceof Timestamp) return new TimeSpan(left.valueOf() - right.valueOf());
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
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (typeof left === 'string' && typeof right === 'string') {
    run.chargeText(left.length + right.length);
    return left + right;
  }
  if (isList(left) && isList(right)) {
    run.charge(left.length + right.length);
    return [...left, ...right];
  }
  if (left instanceof TimeSpan && right instanceof TimeSpan) return new TimeSpan(left.valueOf() + right.valueOf());
  if (left instanceof Timestamp && right instanceof TimeSpan) return new Timestamp(left.valueOf() + right.valueOf());
  if (left instanceof TimeSpan && right instanceof Timestamp) return new Timestamp(left.valueOf() + right.valueOf());
  return arithmetic('+', left, right, (a, b) => a + b, (a, b) => a + b);
}

function arithmetic(operator: Operator, left: Value, right: Value, double: (a: number, b: number) => number, integer: (a: bigint, b: bigint) => bigint): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') return checkedInteger(integer(left, right));
  if (isNumeric(left) && isNumeric(right)) return double(Number(left), Number(right));
  throw mismatch(operator, left, right);
}

function refuseZero(left: Value, right: Value): void {
  if (isNumeric(left) && (right === 0 || right === 0n)) throw new ExpressionFault('evaluation', 'Division by zero.');
}

function order(operator: Operator, left: Value, right: Value): number {
  if (typeof left === 'string' && typeof right === 'string') return compareCodePoints(left, right);
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if ((left instanceof Timestamp && right instanceof Timestamp) || (left instanceof TimeSpan && right instanceof TimeSpan)) return left.valueOf() - right.valueOf();
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
