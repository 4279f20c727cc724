/** What daemons that share a store have to agree on. A store that one daemon has for itself answers without a look: it is alone, and does everything. */
export interface DaemonStore {
  /**
   * This daemon lives; the others leave its attempts alone until its lease ends. The attempts of those whose lease has ended are closed in the same
   * transaction, as `open` closes those of this daemon's own past.
   */
  checkIn(params: { readonly now: number; /** As for `open`. */ readonly random: number }): Promise<CheckIn>;
}

export interface CheckIn {
  /** The names of the others that are alive, the one that has been there longest first. */
  readonly others: readonly string[];
  /** Of all that are alive, this is the one that does what has to be done once for all: what is due, fan-outs, cascades, bulk work, pruning. */
  readonly leads: boolean;
  /** Attempts of other daemons that were closed, and the first of their jobs. */
  readonly interrupted: number;
  readonly interruptedJobs: readonly number[];
  /** When to check in again at the latest, in milliseconds. Undefined: never, since nobody else can have the store. */
  readonly nextInMs?: number;
}
