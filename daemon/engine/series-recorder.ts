import { seriesResolutions } from '../../schemas/protocol/queue.ts';
import type { ActivityTally, QueueBucket } from '../core/queue-series.ts';
import type { QueueDepth, Store } from '../store/store.ts';
import type { Clock, ClockAnchor, Timer } from '../core/clock.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { QueueRunner } from './queue/queue-runner.ts';

const { stepMs } = seriesResolutions['10s'];

export interface SeriesRecorderOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'recordSeries'>;
  readonly dispatcher: Dispatcher;
  /** Of the clock by which the waits in the store go. */
  readonly anchor: () => ClockAnchor;
  /** Whether arrivals are its to write: every daemon hears of all, and has its own attempts. */
  readonly leads: () => boolean;
  readonly onError: (error: unknown) => void;
}

/**
 * Writes what queues did at the end of each ten seconds in which jobs have moved: once for all queues, whatever the job rate, and not at
 * all while nothing happens.
 */
export class SeriesRecorder {
  readonly #options: SeriesRecorderOptions;
  /** Depths as last written, by queue. */
  readonly #written = new Map<string, string>();
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: SeriesRecorderOptions) {
    this.#options = options;
  }

  /** Jobs have moved: what they did is written at the end of this step. */
  moved(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    const { clock } = this.#options;
    const now = clock.now();
    const at = Math.floor(now / stepMs) * stepMs;
    this.#timer = clock.setTimer(at + stepMs - now, () => {
      this.#timer = undefined;
      this.#writing = this.#write(at);
    });
  }

  /** Writes what there is, and the clock in any case; call it when nothing is running. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#writing;
    await this.#write(this.#options.clock.now(), true);
  }

  /** Never rejects. What the store can't take just now is written with the next step. */
  async #write(at: number, isLast = false): Promise<void> {
    const { store, dispatcher, anchor, leads, onError } = this.#options;
    const isLeader = leads();
    const taken = dispatcher.list().flatMap((runner) => this.#take(runner));
    if (taken.length === 0 && !isLast) return;
    try {
      await store.recordSeries({ at, anchor: anchor(), steps: taken.map(({ runner, tally, depth }) => ({ queue: runner.name, ...stepOf(tally, depth), ...(isLeader ? {} : { arrivals: 0 }) })) });
    } catch (error) {
      for (const { runner, tally } of taken) {
        runner.giveBackActivity(tally);
        this.#written.delete(runner.name);
      }
      onError(error);
    }
  }

  #take(runner: QueueRunner): readonly { readonly runner: QueueRunner; readonly tally: ActivityTally; readonly depth: QueueBucket['depth'] }[] {
    const tally = runner.takeActivity();
    const depth = depthOf(runner.depth);
    const text = JSON.stringify(depth);
    if (tally.isEmpty && this.#written.get(runner.name) === text) return [];
    this.#written.set(runner.name, text);
    return [{ runner, tally, depth }];
  }
}

function depthOf({ pending, delayed, active, dead }: QueueDepth): QueueBucket['depth'] {
  return { pending, delayed, active, dead };
}

function stepOf({ arrived, succeeded, failed, waiting, running }: ActivityTally, depth: QueueBucket['depth']): QueueBucket {
  return {
    depth,
    arrivals: arrived,
    completions: succeeded,
    failures: failed,
    waiting: { count: waiting.count, totalMs: waiting.totalMs, maxMs: waiting.maxMs },
    running: { count: running.count, totalMs: running.totalMs, maxMs: running.maxMs },
  };
}
