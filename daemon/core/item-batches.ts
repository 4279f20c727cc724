import type { JobError } from '../../schemas/protocol/shape.ts';
import { evaluateExpression, isTruthy } from '../../schemas/workflow/expression/expression.ts';
import { sha256OfText } from '../../schemas/workflow/expression/functions/encoding.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Foreach } from '../../schemas/workflow/model.ts';
import { enterItem, maxKey } from './foreach-items.ts';
import type { MutableScope } from './run-scope.ts';

/** What becomes one job of a `foreach` with `where` or `batch`. */
export interface JobItem {
  /** The item, or the list of those of a batch. */
  readonly value: Json;
  /** The position of its first item, from 0. */
  readonly index: number;
  /** Or why there is none; `null` if items have no keys. */
  readonly key: string | null | JobError;
  /** Items that were left out because an earlier one of the same batch has their key. */
  readonly duplicates: number;
}

interface Batch {
  readonly index: number;
  readonly items: Json[];
  readonly keys: Set<string>;
  duplicates: number;
}

/**
 * Looks at items one by one, in their order: what `where` says of them, and which go into one batch. A failing expression is told of by a job of
 * its own, which is a dead letter, so that no item is lost in silence.
 */
export class ItemBatches {
  readonly #foreach: Foreach;
  readonly #scope: MutableScope;
  #batch: Batch | undefined;

  constructor(foreach: Foreach, scope: MutableScope) {
    this.#foreach = foreach;
    this.#scope = scope;
  }

  /** Where the batch began that isn't full yet; undefined if there is none. */
  get openSince(): number | undefined {
    return this.#batch?.index;
  }

  /** What is complete with this item. */
  add(item: Json, index: number): readonly JobItem[] {
    const { where, batch } = this.#foreach;
    // The scope is that of the item from here on.
    const key = enterItem(this.#foreach, this.#scope, item, index);
    if (where !== undefined) {
      const decided = evaluateExpression(where, this.#scope);
      if (!decided.ok) return this.#alone(item, index, { kind: 'invalid', cause: 'expression failed', message: `\`foreach.where\` can't be decided: ${decided.error.message}` });
      if (!isTruthy(decided.value)) return [];
    }
    if (batch === undefined || (typeof key === 'object' && key !== null)) return this.#alone(item, index, key);
    const open = (this.#batch ??= { index, items: [], keys: new Set(), duplicates: 0 });
    if (key !== null && open.keys.has(key)) {
      open.duplicates++;
      return [];
    }
    if (key !== null) open.keys.add(key);
    open.items.push(item);
    return open.items.length < batch ? [] : this.end();
  }

  /** The batch that isn't full, as there are no more items. */
  end(): readonly JobItem[] {
    const batch = this.#batch;
    this.#batch = undefined;
    return batch === undefined ? [] : [{ value: batch.items, index: batch.index, key: batch.keys.size === 0 ? null : keyOfBatch([...batch.keys]), duplicates: batch.duplicates }];
  }

  /** Items stay in their order, so what came before it can't wait any longer. */
  #alone(item: Json, index: number, key: JobItem['key']): readonly JobItem[] {
    return [...this.end(), { value: item, index, key, duplicates: 0 }];
  }
}

/** Different for each list of keys: written out, or, where that is too long for a key, its SHA-256. */
function keyOfBatch(keys: readonly string[]): string {
  const written = JSON.stringify(keys);
  return written.length <= maxKey ? written : `${keys.length} items ${sha256OfText(written)}`;
}
