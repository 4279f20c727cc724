/** What an attempt takes up of its queue. */
export interface Slot {
  /** How long to wait before the start, in milliseconds; the rate may allow it only then. */
  readonly startInMs: number;
  /** The attempt starts. */
  started(): void;
  /** The attempt's request is on its way: what was slow before, such as the connection, is over. */
  sent(): void;
  /** Another job is there to take the place: nobody waits for what this one leads to. */
  readonly isFollowed: boolean;
  /** The attempt has ended, or will never start. */
  release(): void;
}
