import type { Changed, SubscribeResult } from '../schemas/protocol/subscription.ts';

/** More than a daemon can send while one answer is on its way. */
const maxEarly = 1_000;

interface Listener {
  readonly onChanged: (changed: Changed) => void;
  /** What came before the snapshot was taken up, in order; undefined from then on. */
  waiting: Changed[] | undefined;
}

/**
 * Hands the changes of each subscription to its listener: in order, none before the caller has taken up the snapshot, and none lost, though the first
 * ones may arrive in the same packet as the answer to `subscribe`.
 */
export class SubscriptionInbox {
  readonly #listeners = new Map<number, Listener>();
  readonly #onOverflow: () => void;
  /** Changes of subscriptions whose answer hasn't been seen yet. */
  #early: Changed[] = [];
  /** Answers to `subscribe` that are on their way. */
  #expected = 0;

  /** `onOverflow`: the daemon floods a subscription that nobody has seen yet; a change left out would be a gap. */
  constructor(onOverflow: () => void) {
    this.#onOverflow = onOverflow;
  }

  async expect(subscribe: () => Promise<SubscribeResult>, onChanged: (changed: Changed) => void): Promise<SubscribeResult> {
    this.#expected++;
    try {
      const answer = await subscribe();
      const listener: Listener = { onChanged, waiting: this.#early.filter(({ id }) => id === answer.id) };
      this.#listeners.set(answer.id, listener);
      // A turn later, because the caller takes up the snapshot in a promise of this one.
      setImmediate(() => this.#open(answer.id, listener));
      return answer;
    } finally {
      this.#expected--;
      // What is left is of subscriptions that have ended, or is none of ours.
      this.#early = this.#expected === 0 ? [] : this.#early.filter(({ id }) => !this.#listeners.has(id));
    }
  }

  receive(changed: Changed): void {
    const listener = this.#listeners.get(changed.id);
    if (listener !== undefined) {
      if (listener.waiting === undefined) listener.onChanged(changed);
      else listener.waiting.push(changed);
    } else if (this.#expected > 0) {
      if (this.#early.length < maxEarly) this.#early.push(changed);
      else this.#onOverflow();
    }
  }

  forget(id: number): void {
    this.#listeners.delete(id);
  }

  #open(id: number, listener: Listener): void {
    const waiting = listener.waiting ?? [];
    listener.waiting = undefined;
    for (const changed of waiting) {
      if (this.#listeners.get(id) === listener) listener.onChanged(changed);
    }
  }
}
