import type { Value } from '../session.ts';

/** The WHERE of a list, with what its places are given. */
export class Conditions {
  readonly values: Value[] = [];
  readonly #conditions: string[] = [];

  /** The place of a value. */
  readonly $ = (value: Value): string => `$${this.values.push(value)}`;

  add(condition: (place: (value: Value) => string) => string): void {
    this.#conditions.push(condition(this.$));
  }

  get text(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }
}
