import type { StagedItemsRow } from '../ledger/row.ts';

/** The items of a row of `staged_items` from that place on. */
export function itemsFrom({ first, items }: Pick<StagedItemsRow, 'first' | 'items'>, place: number): readonly string[] {
  return items.split('\n').slice(Math.max(0, place - first));
}

/**
 * Where the items of a file wait to become jobs, in a store that several daemons share: the file is on one machine, and any of them may have to continue. The daemon in whose
 * transaction a step started reads its file, and puts all of it here before the first item becomes a job. It is gone with the transaction in which the last does, or with its run.
 */
export interface ItemStage {
  /** The name of this daemon, as `ItemReader` has it. */
  readonly self: string;
  /** Adds the next items, as JSON. They are dropped, and `closed` answered, if the step takes no items now, or if another daemon reads the file. */
  add(params: AddItemsParams): Promise<{ readonly kind: 'added' | 'closed' }>;
  /** This daemon reads the file from now on, from its beginning. False if the items are all there, or the step takes none now. */
  takeOver(params: { readonly stepId: number }): Promise<{ readonly taken: boolean }>;
  /** Items from that place on, some at a time; none at the end. */
  read(params: { readonly stepId: number; readonly from: number }): Promise<readonly string[]>;
}

export interface AddItemsParams {
  readonly stepId: number;
  /** The place of the first of them. At 0 what was there before is dropped: the file is read again. */
  readonly from: number;
  readonly items: readonly string[];
  /** There are no more. */
  readonly last: boolean;
}
