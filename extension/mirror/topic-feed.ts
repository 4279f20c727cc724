import type { Daemon } from '../../client/daemon-client.ts';
import type { Changed, SubscribeParams, TopicState } from '../../schemas/protocol/subscription.ts';

export interface TopicListener {
  /** Everything that the topic holds; what was known before is void. */
  readonly onSnapshot: (snapshot: TopicState) => void;
  readonly onChange: (change: TopicState, removed: readonly string[]) => void;
  readonly onFault: (error: unknown) => void;
}

/**
 * One topic of one connection: a snapshot, then numbered changes. Where a number is missing, it subscribes again, and what was told
 * in between comes with the new snapshot.
 */
export class TopicFeed {
  readonly #daemon: Daemon;
  readonly #topic: SubscribeParams;
  readonly #listener: TopicListener;
  /** Raised with each subscription, so that changes of an earlier one are told apart. */
  #round = 0;
  #ended = false;
  #hasFailed = false;

  constructor(daemon: Daemon, topic: SubscribeParams, listener: TopicListener) {
    this.#daemon = daemon;
    this.#topic = topic;
    this.#listener = listener;
  }

  /** Resolves when the first snapshot is there. */
  async start(): Promise<void> {
    this.#hasFailed = false;
    const round = ++this.#round;
    const isOver = (): boolean => this.#ended || round !== this.#round;
    let expected = 1;
    const receive = ({ id, number, change, removed }: Changed): void => {
      if (isOver()) return;
      if (number === expected) {
        expected++;
        this.#listener.onChange(change, removed ?? []);
        return;
      }
      this.#round++;
      void this.#again(id);
    };
    try {
      const { id, snapshot } = await this.#daemon.subscribe(this.#topic, receive);
      if (isOver()) await this.#daemon.unsubscribe(id);
      else this.#listener.onSnapshot(snapshot);
    } catch (error) {
      // Where the connection is gone, no matter who owns it makes another feed.
      if (isOver()) return;
      this.#hasFailed = true;
      this.#listener.onFault(error);
    }
  }

  /** Tries again, if the first snapshot could not be had: the daemon could not reach its store. */
  async retry(): Promise<void> {
    if (this.#hasFailed && !this.#ended) await this.start();
  }

  /** To be called when the connection has ended, or nobody listens. */
  end(): void {
    this.#ended = true;
  }

  async #again(id: number): Promise<void> {
    try {
      await this.#daemon.unsubscribe(id);
    } catch (error) {
      this.#listener.onFault(error);
    }
    if (!this.#ended) await this.start();
  }
}
