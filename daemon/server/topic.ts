import type { SubscribeParams, TopicState } from '../../schemas/protocol/subscription.ts';

/** What may have changed. Too much in it costs a look, too little leaves a client with an old state. */
export interface TopicHint {
  /** Names of queues; undefined if any may have changed. */
  readonly queues: ReadonlySet<string> | undefined;
  /** Ids of runs, as `r12`; undefined if any may have changed. */
  readonly runs: ReadonlySet<string> | undefined;
  /** Ids of bulk work, as `b3`; undefined if none may have changed. */
  readonly bulks?: ReadonlySet<string>;
  /** Deliveries may have come, or where they are received may have changed. */
  readonly deliveries?: true;
  /** Whether a schedule may stand otherwise. */
  readonly schedules?: true;
}

/** Where the states that clients subscribe to come from. */
export interface TopicSource {
  /**
   * The state of a topic now, in the one member of `TopicState` that belongs to it: whole for `queues`, `run`, `bulk` and `status`, the newest 100 for
   * `runs` and `bulks` (and all that has not ended), the last lines for `log`. Rejects with a `CodedError` `not-found` for a run, or bulk work, that isn't there.
   */
  snapshot(params: SubscribeParams): Promise<TopicState>;
  /** Tells after each change, as often as it likes: the hub coalesces. Returns what ends it. */
  onChange(listener: (hint: TopicHint) => void): () => void;
  /** Tells of each new line of the log. Returns what ends it. */
  onLine(listener: (line: string) => void): () => void;
}

/** A topic's state at one moment, cut into the entries that can change by themselves. */
export interface TopicEntries {
  readonly state: TopicState;
  /** Each entry as JSON, by its name or id: cheap to compare, and shared by all that were sent this state. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface TopicChange {
  readonly change: TopicState;
  /** Names or ids of entries that are gone. */
  readonly removed: readonly string[];
}

export function topicEntries(topic: SubscribeParams['topic'], state: TopicState): TopicEntries {
  return { state, texts: new Map(textsOf(topic, state)) };
}

/** What a client that knows the entries `before` has to be told; undefined if that is nothing. */
export function topicChange(topic: SubscribeParams['topic'], before: ReadonlyMap<string, string>, now: TopicEntries): TopicChange | undefined {
  const removed = [...before.keys()].filter((key) => !now.texts.has(key));
  const isNew = (key: string): boolean => now.texts.get(key) !== before.get(key);
  const { state } = now;
  switch (topic) {
    case 'queues': {
      const queues = (state.queues ?? []).filter(({ name }) => isNew(name));
      return queues.length + removed.length === 0 ? undefined : { change: { queues }, removed };
    }
    case 'runs': {
      const runs = (state.runs ?? []).filter(({ id }) => isNew(id));
      return runs.length + removed.length === 0 ? undefined : { change: { runs }, removed };
    }
    case 'run':
      return state.run !== undefined && isNew(state.run.id) ? { change: { run: state.run }, removed } : undefined;
    case 'bulks': {
      const bulks = (state.bulks ?? []).filter(({ id }) => isNew(id));
      return bulks.length + removed.length === 0 ? undefined : { change: { bulks }, removed };
    }
    case 'bulk':
      return state.bulk !== undefined && isNew(state.bulk.id) ? { change: { bulk: state.bulk }, removed } : undefined;
    case 'schedules': {
      const schedules = (state.schedules ?? []).filter(({ id }) => isNew(id));
      return schedules.length + removed.length === 0 ? undefined : { change: { schedules }, removed };
    }
    case 'waits': {
      const waits = (state.waits ?? []).filter(({ job }) => isNew(job));
      return waits.length + removed.length === 0 ? undefined : { change: { waits }, removed };
    }
    case 'deliveries': {
      const deliveries = (state.deliveries ?? []).filter(({ id }) => isNew(id));
      return deliveries.length + removed.length === 0 ? undefined : { change: { deliveries }, removed };
    }
    case 'status':
      return state.status !== undefined && isNew('status') ? { change: { status: state.status }, removed } : undefined;
    case 'log':
      return undefined;
  }
}

function textsOf(topic: SubscribeParams['topic'], state: TopicState): [string, string][] {
  switch (topic) {
    case 'queues':
      return (state.queues ?? []).map((queue) => [queue.name, JSON.stringify(queue)]);
    case 'runs':
      return (state.runs ?? []).map((run) => [run.id, JSON.stringify(run)]);
    case 'run':
      return state.run === undefined ? [] : [[state.run.id, JSON.stringify(state.run)]];
    case 'bulks':
      return (state.bulks ?? []).map((bulk) => [bulk.id, JSON.stringify(bulk)]);
    case 'bulk':
      return state.bulk === undefined ? [] : [[state.bulk.id, JSON.stringify(state.bulk)]];
    case 'schedules':
      return (state.schedules ?? []).map((schedule) => [schedule.id, JSON.stringify(schedule)]);
    case 'waits':
      return (state.waits ?? []).map((wait) => [wait.job, JSON.stringify(wait)]);
    case 'deliveries':
      return (state.deliveries ?? []).map((delivery) => [delivery.id, JSON.stringify(delivery)]);
    case 'status':
      // The time that goes by is not news.
      return state.status === undefined ? [] : [['status', JSON.stringify({ ...state.status, uptimeMs: 0 })]];
    case 'log':
      return [];
  }
}
