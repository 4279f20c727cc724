import { ExpressionFault } from './fault.ts';
import type { Value } from './value.ts';
import type { Json } from '../json.ts';

/**
 * What expressions can see. Values are plain JSON; a property may be a getter, so that costly ones are loaded only when read.
 * `$status` ('success', 'failure' or 'cancelled') is what the status functions read, `$now` (milliseconds since 1970) what `now()` reads;
 * no expression can name them otherwise, because `$` is not a letter in CEL.
 */
export type Scope = Readonly<Record<string, unknown>>;

export const limits = {
  /** UTF-16 units of an expression's source. */
  sourceLength: 8_192,
  /** Brackets, calls and fields within each other. */
  nesting: 64,
  /** Levels of the syntax tree; a chain of n `+` or `||` has n. */
  treeDepth: 256,
  /** About one per operation, list element looked at, and 8 characters of text read or written. */
  steps: 5_000_000,
  /** UTF-16 units of a text that an expression makes. */
  textLength: 1_048_576,
  /** Lists and maps within each other, in what fromJSON() reads and what an expression builds. */
  valueDepth: 256,
} as const;

/** One evaluation under way: what it sees and what it may still spend. */
export class Evaluation {
  readonly scope: Scope;
  /** The values of macro variables, by the slot that the compiler gave them. */
  readonly locals: Value[] = [];
  #stepsLeft: number = limits.steps;

  constructor(scope: Scope) {
    this.scope = scope;
  }

  charge(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) throw new ExpressionFault('limit', 'This expression takes too much work. Lists within lists are the usual reason: filter the outer one first, or split the step in two.');
  }

  /** Charges for a text that the expression makes, and refuses one that is too long. */
  chargeText(length: number): void {
    this.checkLength(length);
    this.charge(1 + (length >>> 3));
  }

  checkLength(length: number): void {
    if (length > limits.textLength) throw new ExpressionFault('limit', `This text would be longer than ${limits.textLength.toLocaleString('en')} characters, the most that an expression may make.`);
  }

  /**
   * Charges for everything in a value and returns about how long its JSON is. Needed wherever the whole of a value counts: a list of
   * lists may share its parts, so that few steps build what takes gigabytes to write out.
   */
  measure(value: Json, depth = 0): number {
    if (typeof value === 'string') {
      this.charge(1 + (value.length >>> 3));
      return value.length + 2;
    }
    this.charge(1);
    if (typeof value !== 'object' || value === null) return 8;
    if (depth >= limits.valueDepth) throw new ExpressionFault('limit', `Lists and maps within each other, more than ${limits.valueDepth} deep.`);
    let length = 2;
    if (Array.isArray(value)) {
      const list: readonly Json[] = value;
      for (const item of list) length += 1 + this.measure(item, depth + 1);
    } else {
      for (const [key, item] of Object.entries(value)) length += key.length + 4 + this.measure(item, depth + 1);
    }
    return length;
  }
}
