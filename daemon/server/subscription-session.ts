import { CodedError } from '../../schemas/protocol/error.ts';
import type { SubscribeParams, SubscribeResult } from '../../schemas/protocol/subscription.ts';
import { message } from '../../schemas/wording/message.ts';
import type { SubscriptionHub } from './subscription-hub.ts';
import { Subscription, type SubscriptionOutlet } from './subscription.ts';

/** The subscriptions of one connection, numbered from 1. They end with it. */
export class SubscriptionSession {
  readonly #hub: SubscriptionHub;
  readonly #outlet: SubscriptionOutlet;
  readonly #maxSubscriptions: number;
  readonly #subscriptions = new Map<number, Subscription>();
  #lastId = 0;
  #hasEnded = false;

  constructor(hub: SubscriptionHub, outlet: SubscriptionOutlet, maxSubscriptions: number) {
    this.#hub = hub;
    this.#outlet = outlet;
    this.#maxSubscriptions = maxSubscriptions;
  }

  async subscribe(params: SubscribeParams): Promise<SubscribeResult> {
    if (this.#subscriptions.size >= this.#maxSubscriptions) {
      throw new CodedError('too-many', message('{count, plural, one {A connection has at most # subscription; unsubscribe from what is not needed.} other {A connection has at most # subscriptions; unsubscribe from what is not needed.}}', { count: this.#maxSubscriptions }));
    }
    this.#lastId++;
    const subscription = new Subscription(this.#lastId, params, this.#outlet);
    this.#subscriptions.set(subscription.id, subscription);
    try {
      const snapshot = await this.#hub.open(subscription);
      if (this.#hasEnded) this.#hub.close(subscription);
      return { id: subscription.id, snapshot };
    } catch (error) {
      this.#subscriptions.delete(subscription.id);
      throw error;
    }
  }

  unsubscribe(id: number): void {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) throw new CodedError('not-found', message('This connection has no subscription {id}.', { id: String(id) }));
    this.#subscriptions.delete(id);
    this.#hub.close(subscription);
  }

  /** The client reads again. */
  catchUp(): void {
    this.#hub.catchUp(this.#subscriptions.values());
  }

  end(): void {
    this.#hasEnded = true;
    for (const subscription of this.#subscriptions.values()) this.#hub.close(subscription);
    this.#subscriptions.clear();
  }
}
