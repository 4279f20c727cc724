import type { Template } from '../../schemas/workflow/template.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../log/daemon-log.ts';
import type { SentLetter } from './letter-sender.ts';

/** How often it is called, in milliseconds. */
const everyMs = 60_000;

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** As the files say now; undefined if nobody is to be called. */
  readonly url: () => Template | undefined;
  /** Why it isn't called now, because not all is well; undefined if all is. Not a word of it leaves this machine. */
  readonly trouble: () => Promise<string | undefined>;
  readonly call: (url: Template) => Promise<SentLetter>;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

export interface HeartbeatStanding {
  /** When it was last called and answered, in wall time. */
  readonly calledAt?: number;
  /** Why it isn't called, or wasn't answered. */
  readonly problem?: string;
}

/**
 * A dead man's switch: calls a URL each minute while all is well. When the calls stop, because the daemon, its machine or its network is gone, or because alerts can't be told, whoever is called tells people.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: Timer | undefined;
  #calling: Promise<void> | undefined;
  #isStarted = false;
  #standing: HeartbeatStanding = {};

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Undefined if nobody is to be called. */
  get standing(): HeartbeatStanding | undefined {
    return this.#options.url() === undefined ? undefined : this.#standing;
  }

  /** Call it once the store is open. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.apply();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#timer?.cancel();
    await this.#calling;
  }

  /** The project's files may say something else. */
  apply(): void {
    if (!this.#isStarted || this.#calling !== undefined) return;
    if (this.#options.url() === undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#standing = {};
    } else if (this.#timer === undefined) this.#beat();
  }

  #beat(): void {
    const { clock } = this.#options;
    this.#timer = clock.setTimer(everyMs, () => {
      this.#timer = undefined;
      this.apply();
    });
    this.#calling = this.#call().finally(() => {
      this.#calling = undefined;
      this.apply();
    });
  }

  /** Never rejects. */
  async #call(): Promise<void> {
    const { clock, url, trouble, call, log } = this.#options;
    const target = url();
    if (target === undefined) return;
    const before = this.#standing.problem;
    const found = await trouble();
    const sent = found === undefined ? await call(target) : undefined;
    if (sent?.ok === true) {
      this.#standing = { calledAt: clock.now() };
      if (before !== undefined) log.info({}, 'the heartbeat goes out again');
      return;
    }
    const problem = found ?? sent?.problem ?? '';
    this.#standing = { ...this.#standing, problem };
    if (before === undefined) log.warn({ problem }, 'the heartbeat does not go out: whoever waits for it tells people');
  }
}
