import type { AttemptStart } from '../attempt-signal.ts';

/** What an attempt takes up of its queue. */
export interface Slot {
  /** How long to wait before the start, in milliseconds; the rate may allow it only then. */
  readonly startInMs: number;
  /** The attempt starts. */
  started(start: AttemptStart): void;
  /**
   * The attempt's request is ready to leave: what was slow before, such as the connection, is over. How long it has to wait, in
   * milliseconds; asked again after that wait, because timers may be late. Undefined if the queue has no rate.
   */
  readonly depart: (() => number) | undefined;
  /** The request leaves. */
  sent(): void;
  /** Another job is there to take the place: nobody waits for what this one leads to. */
  readonly isFollowed: boolean;
  /** The attempt could not be made, and is put off: how long it took says nothing of how long attempts take. */
  putOff(): void;
  /** The attempt has ended, or will never start. */
  release(): void;
}
