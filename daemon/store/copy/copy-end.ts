import type { StoreMark } from '../copy-mark.ts';

/** A value as both stores keep it. */
export type Cell = string | number | null;
export type Cells = readonly Cell[];

export interface Column {
  readonly name: string;
  readonly kind: 'integer' | 'real' | 'text';
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
}

/** What every idempotency key and every link that answers a signal is made with: it stays the same, or receivers could not tell a repeat. */
export interface StoreIdentity {
  readonly storeId: string;
  readonly linkKey: string;
}

/** Tables whose numbers are given once, even after the row that had one was deleted. */
export const numbered = ['runs', 'steps', 'jobs', 'bulks', 'deliveries'] as const;
/** The highest number given so far; 0: none. */
export type HighestNumbers = Readonly<Record<(typeof numbered)[number], number>>;

/** Tables that only a store has whose daemons have to know of each other: they are made anew, or not needed. */
export const tablesOfSharing: readonly string[] = ['commits', 'daemons', 'declarations', 'item_files', 'queue_counts'];
/** Columns that only such a store has. */
export const columnsOfSharing: readonly string[] = ['rate_starts.counted_at'];
/** Its rows are not copied one by one: what they say is of one store (`StoreIdentity`, `HighestNumbers`, `StoreMark`, a version). */
export const metaTable = 'meta';

export interface CompleteParams {
  readonly identity: StoreIdentity;
  readonly numbers: HighestNumbers;
  readonly mark: StoreMark;
  /** The clock of this store less that of the other one, in milliseconds: what waits was moved by that. */
  readonly shiftMs: number;
}

/**
 * One of the two stores between which a project is copied, while no daemon has it. As a source it is read; as a target it is emptied by `begin`, filled by `write`, and is as if
 * nothing had happened until `complete`.
 */
export interface CopyEnd {
  /** For people; without a password. */
  readonly name: string;
  /** What rows have that say which daemon they belong to: one that has ended. Known after `begin`. */
  readonly daemon: number;
  /** Makes sure that nobody else has it. @throws CodedError `wrong-state` that says who has, or that there is nothing to copy */
  open(as: 'source' | 'target'): Promise<void>;
  mark(): Promise<StoreMark | undefined>;
  /** The time by which what is in it waits, in milliseconds since the epoch. */
  now(): Promise<number>;
  /** Without those of `tablesOfSharing`, and `meta`. */
  tables(): Promise<readonly Table[]>;
  /** Rows by table, of those that have any. */
  counts(): Promise<ReadonlyMap<string, number>>;
  /** All rows of a table, some at a time: so that what is in memory is bounded by bytes. */
  read(table: Table): AsyncIterable<readonly Cells[]>;
  identity(): Promise<StoreIdentity>;
  numbers(): Promise<HighestNumbers>;
  /** Nothing that was in it counts from `complete` on. */
  begin(): Promise<void>;
  write(table: Table, rows: readonly Cells[]): Promise<void>;
  /** What was written is durable, and marked as unfinished. */
  complete(params: CompleteParams): Promise<void>;
  /** Of the source. Durable when it resolves. */
  markMoved(mark: StoreMark): Promise<void>;
  /** Takes the mark away. */
  unmark(): Promise<void>;
  /** Gives up whatever was not completed. */
  close(): Promise<void>;
  /** An error as it is told to people: coded, if it is the store that is at fault. */
  explained(error: unknown): unknown;
}
