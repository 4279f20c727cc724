import { CodedError } from '../../schemas/protocol/error.ts';
import type { SubscribeParams, TopicState, SubscribeResult } from '../../schemas/protocol/subscription.ts';
import type { Log } from '../log/daemon-log.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { ServerLimits } from './limits.ts';
import { Subscription, type SubscriptionOutlet } from './subscription.ts';
import { topicEntries, type TopicHint, type TopicSource } from './topic.ts';
import { message } from '../../schemas/wording/message.ts';

/** All subscriptions to the same topic: its state is asked for once for all of them. */
interface TopicGroup {
  readonly params: SubscribeParams;
  readonly members: Set<Subscription>;
  mayHaveChanged: boolean;
  /** The last look failed; told once. */
  hasFailed: boolean;
}

export interface SubscriptionHubOptions {
  readonly topics: TopicSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Pick<ServerLimits, 'changeEveryMs' | 'refreshEveryMs'>;
}

/**
 * Tells subscribers what has changed. A hint only marks topics; a tick, at least `changeEveryMs` after the one before, asks for the state of
 * each marked topic once and hands it to its subscriptions, each of which sends what its client doesn't know yet. So the
 * work per second is bounded by the number of topics that are watched, whatever the job rate, and nobody watching costs
 * nothing.
 */
export class SubscriptionHub {
  readonly #topics: TopicSource;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: SubscriptionHubOptions['limits'];
  readonly #groups = new Map<string, TopicGroup>();
  #endings: (() => void)[] = [];
  #isRunning = false;
  #isTicking = false;
  #lastTickAtMs = -Infinity;
  #tickTimer: Timer | undefined;
  #refreshTimer: Timer | undefined;

  constructor({ topics, clock, log, limits }: SubscriptionHubOptions) {
    this.#topics = topics;
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#endings = [this.#topics.onChange((hint) => this.#mark(hint)), this.#topics.onLine((line) => this.#addLine(line))];
  }

  /** Nobody is told anything after it. Subscriptions stay until they are closed. */
  stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    for (const end of this.#endings.splice(0)) end();
    this.#tickTimer?.cancel();
    this.#refreshTimer?.cancel();
    this.#tickTimer = undefined;
    this.#refreshTimer = undefined;
  }

  /** The snapshot that the client is to be answered with. Changes come from then on. */
  async open(subscription: Subscription): Promise<TopicState> {
    const key = keyOf(subscription.params);
    const group = this.#groups.get(key) ?? { params: subscription.params, members: new Set(), mayHaveChanged: false, hasFailed: false };
    this.#groups.set(key, group);
    // Before the snapshot: what changes while that is made must not be missed.
    group.members.add(subscription);
    try {
      const state = await this.#topics.snapshot(subscription.params);
      subscription.begin(topicEntries(subscription.params.topic, state));
      this.catchUp([subscription]);
      this.#armRefresh();
      return state;
    } catch (error) {
      this.close(subscription);
      throw error;
    }
  }

  close(subscription: Subscription): void {
    const key = keyOf(subscription.params);
    const group = this.#groups.get(key);
    group?.members.delete(subscription);
    if (group?.members.size === 0) this.#groups.delete(key);
  }

  /** Has these told what they may have missed. */
  catchUp(subscriptions: Iterable<Subscription>): void {
    for (const { params } of subscriptions) this.#markGroup(this.#groups.get(keyOf(params)));
  }

  #mark({ queues, runs, bulks, deliveries, schedules }: TopicHint): void {
    const anyQueue = queues === undefined || queues.size > 0;
    const group = (params: SubscribeParams): TopicGroup | undefined => this.#groups.get(keyOf(params));
    if (anyQueue) this.#markGroup(group({ topic: 'queues' }));
    const anyRun = runs === undefined || runs.size > 0;
    if (anyRun) this.#markGroup(group({ topic: 'runs' }));
    if (anyRun) this.#markGroup(group({ topic: 'waits' }));
    if (anyQueue || anyRun || deliveries === true) this.#markGroup(group({ topic: 'status' }));
    if (deliveries === true) this.#markGroup(group({ topic: 'deliveries' }));
    if (schedules === true) this.#markGroup(group({ topic: 'schedules' }));
    if (bulks !== undefined) this.#markGroup(group({ topic: 'bulks' }));
    for (const id of bulks ?? []) this.#markGroup(group({ topic: 'bulk', id }));
    for (const one of this.#groups.values()) {
      if (one.params.topic === 'run' && (runs === undefined || runs.has(one.params.id))) this.#markGroup(one);
    }
  }

  #addLine(line: string): void {
    const group = this.#groups.get('log');
    if (group === undefined) return;
    for (const subscription of group.members) subscription.addLine(line);
    this.#markGroup(group);
  }

  #markGroup(group: TopicGroup | undefined): void {
    if (group === undefined) return;
    group.mayHaveChanged = true;
    this.#armTick();
  }

  #armTick(): void {
    if (!this.#isRunning || this.#isTicking || this.#tickTimer !== undefined) return;
    const delayMs = Math.max(0, this.#lastTickAtMs + this.#limits.changeEveryMs - this.#clock.monotonic());
    this.#tickTimer = this.#clock.setTimer(delayMs, () => {
      this.#tickTimer = undefined;
      void this.#tick();
    });
  }

  async #tick(): Promise<void> {
    this.#isTicking = true;
    const marked = [...this.#groups.values()].filter((group) => group.mayHaveChanged);
    for (const group of marked) await this.#tell(group);
    this.#isTicking = false;
    // From its end, or a tick that took long would be followed by the next at once.
    this.#lastTickAtMs = this.#clock.monotonic();
    if ([...this.#groups.values()].some((group) => group.mayHaveChanged)) this.#armTick();
  }

  /** Never rejects. */
  async #tell(group: TopicGroup): Promise<void> {
    group.mayHaveChanged = false;
    // Who opens from now on has yet to read the answer to that, and is told by the next tick.
    const members = [...group.members].filter((member) => member.isOpen);
    if (members.length === 0) return;
    try {
      if (group.params.topic === 'log') {
        for (const member of members) member.sendLines(this.#clock.now());
        return;
      }
      const entries = topicEntries(group.params.topic, await this.#topics.snapshot(group.params));
      group.hasFailed = false;
      for (const member of members) if (this.#isRunning && group.members.has(member)) member.offer(entries);
    } catch (error) {
      // A run that has been removed is simply no longer told about.
      if (!group.hasFailed && !(error instanceof CodedError)) this.#log.error({ err: error, topic: group.params.topic }, 'a watched topic could not be read');
      group.hasFailed = true;
    }
  }

  #armRefresh(): void {
    if (!this.#isRunning || this.#refreshTimer !== undefined) return;
    const moving = (['queues', 'status'] as const).flatMap((topic) => this.#groups.get(keyOf({ topic })) ?? []);
    if (moving.length === 0) return;
    this.#refreshTimer = this.#clock.setTimer(this.#limits.refreshEveryMs, () => {
      this.#refreshTimer = undefined;
      for (const topic of ['queues', 'status'] as const) this.#markGroup(this.#groups.get(keyOf({ topic })));
      this.#armRefresh();
    });
  }
}

function keyOf(params: SubscribeParams): string {
  return 'id' in params ? `${params.topic} ${params.id}` : params.topic;
}

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
