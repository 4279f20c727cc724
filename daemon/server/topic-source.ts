import type { SubscribeParams, TopicState } from '../../schemas/protocol/subscription.ts';

/** What may have changed. Too much in it costs a look, too little leaves a client with an old state. */
export interface TopicHint {
  /** Names of queues; undefined where any may have changed. */
  readonly queues: ReadonlySet<string> | undefined;
  /** Ids of runs, as `r12`; undefined where any may have changed. */
  readonly runs: ReadonlySet<string> | undefined;
  /** Ids of bulk work, as `b3`; undefined if none may have changed. */
  readonly bulks?: ReadonlySet<string>;
}

/** Where the states that clients subscribe to come from. */
export interface TopicSource {
  /**
   * The state of a topic now, in the one member of `TopicState` that belongs to it: whole for `queues`, `run`, `bulk` and `status`, the newest 100 for
   * `runs`, the last lines for `log`. Rejects with a `CodedError` `not-found` for a run, or bulk work, that isn't there.
   */
  snapshot(params: SubscribeParams): Promise<TopicState>;
  /** Tells after each change, as often as it likes: the hub coalesces. Returns what ends it. */
  onChange(listener: (hint: TopicHint) => void): () => void;
  /** Tells of each new line of the log. Returns what ends it. */
  onLine(listener: (line: string) => void): () => void;
}
