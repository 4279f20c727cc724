import type { ClaimedJob, ClaimParams, ClaimResult, Operations, Settled, SettleParams } from '../ledger/call.ts';

/** Operations of the ledger that a store has as they are; what it says more of `claim` and `settle` is in `RunStore`. */
export type LedgerOperation = Exclude<keyof Operations, 'claim' | 'settle' | 'recover' | 'advance'>;

/** Each operation of the ledger as a method: one transaction. */
export type LedgerStore = { readonly [Name in LedgerOperation]: (params: Parameters<Operations[Name]>[0]) => Promise<ReturnType<Operations[Name]>> };

/** What is done with runs and jobs: the rules are those of `ledger/`, whose operations these are. */
export interface RunStore extends LedgerStore {
  /** Makes due jobs `active`: by priority, due time, age. The attempt is on disk when this resolves. */
  claim(params: ClaimParams & { readonly urgency?: Urgency }): Promise<ClaimResult>;
  /** Ends attempts. An outcome of an attempt that isn't the job's present one is refused. */
  settle(params: { readonly outcomes: readonly SettleParams[]; readonly urgency?: Urgency }): Settlement;
  /** For claims of more jobs than there are free slots. A store without it can't tell a job that waits for a slot from one that has started: then none may be claimed ahead. */
  readonly prefetch?: Prefetch;
}

/** `lazy`: nobody waits for the answer, so the call may be some milliseconds late and share a transaction with others. `immediate` if omitted. */
export type Urgency = 'immediate' | 'lazy';

export interface Settlement {
  /**
   * Whether the outcomes survive a crash of this process from now on; a power cut they survive once they are `stored`. False if the store can't say so yet,
   * or has nothing faster than its transactions: then `stored` is the first to say so.
   */
  readonly survivesCrash: boolean;
  /** Resolves when they are in the store, as durable as everything in it. */
  readonly stored: Promise<Settled>;
}

/** Jobs that are claimed and wait for a slot. Both calls take microseconds: neither waits for a transaction. */
export interface Prefetch {
  /** So many of a queue, at most. */
  readonly most: number;
  /** Jobs that were claimed at `claimedAt` wait: a crash before `start` costs them no attempt. */
  hold(params: { readonly jobs: readonly ClaimedJob[]; readonly claimedAt: number }): void;
  /** Jobs that were held start. False if that can't be recorded: then they may not, and go back as `returned`. */
  start(params: { readonly jobs: readonly ClaimedJob[] }): boolean;
}
