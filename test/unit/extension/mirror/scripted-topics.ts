import type { Daemon } from '../../../../client/daemon-client.ts';
import { CodedError } from '../../../../schemas/protocol/error.ts';
import type { MethodName, Params, Result } from '../../../../schemas/protocol/method.ts';
import type { Changed, SubscribeParams, SubscribeResult, TopicState } from '../../../../schemas/protocol/subscription.ts';

/** A daemon whose topics hold what a test says, and tell what a test tells. */
export class ScriptedTopics implements Daemon {
  readonly snapshots: Partial<Record<SubscribeParams['topic'], TopicState>> = {};
  /** Those that the daemon can't answer for now. */
  readonly failing = new Set<SubscribeParams['topic']>();
  readonly unsubscribed: number[] = [];
  readonly #open = new Map<number, { readonly topic: SubscribeParams['topic']; readonly onChanged: (changed: Changed) => void; number: number }>();
  #lastId = 0;

  call<M extends MethodName>(method: M, _params: Params<M>): Promise<Result<M>> {
    return Promise.reject(new CodedError('unknown-method', method));
  }

  async subscribe({ topic }: SubscribeParams, onChanged: (changed: Changed) => void): Promise<SubscribeResult> {
    if (this.failing.has(topic)) throw new CodedError('store-unavailable', 'The store can not be reached.');
    const id = ++this.#lastId;
    this.#open.set(id, { topic, onChanged, number: 0 });
    return { id, snapshot: this.snapshots[topic] ?? {} };
  }

  async unsubscribe(id: number): Promise<void> {
    this.#open.delete(id);
    this.unsubscribed.push(id);
  }

  /** `skip`: so many changes are lost on the way before this one. */
  tell(topic: SubscribeParams['topic'], change: TopicState, { removed, skip = 0 }: { readonly removed?: string[]; readonly skip?: number } = {}): void {
    for (const [id, subscription] of this.#open) {
      if (subscription.topic !== topic) continue;
      subscription.number += 1 + skip;
      subscription.onChanged({ id, number: subscription.number, change, ...(removed === undefined ? {} : { removed }) });
    }
  }

  subscriptions(topic: SubscribeParams['topic']): number {
    return [...this.#open.values()].filter((one) => one.topic === topic).length;
  }
}
