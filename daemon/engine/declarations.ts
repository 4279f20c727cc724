import { english } from '../../schemas/wording/language.ts';
import { differingMessage } from '../../schemas/wording/daemon.ts';
import type { Clock } from '../core/clock.ts';
import type { Configured, DeclarationsStanding, Store } from '../store/store.ts';
import { Listeners } from '../platform/listeners.ts';
import type { EngineLog, EngineSettings } from './engine-settings.ts';
import type { Membership } from './membership.ts';

export interface DeclarationsOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, 'configure' | 'declarations' | 'isShared'>;
  readonly membership: Membership;
  readonly log: Pick<EngineLog, 'info' | 'warn'>;
  /** What this daemon declares holds now, and did not before, or the other way round: it has to declare it again. */
  readonly onTurn: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * What this daemon's files declare, beside what those of other daemons on the same store do: during a deployment they differ for a while. The rule is in
 * `ledger/declarations.ts`; here is what this daemon knows of it. One that has the store for itself declares, and starts schedules.
 */
export class Declarations {
  readonly #options: DeclarationsOptions;
  #standing: DeclarationsStanding | undefined;
  /** What was answered when it was last declared. */
  #held = true;
  #told = '';
  readonly #listeners = new Listeners();

  constructor(options: DeclarationsOptions) {
    this.#options = options;
  }

  /** Whether what this daemon declares holds. */
  get holds(): boolean {
    return this.#standing?.holds ?? true;
  }

  /** Whether this daemon starts what schedules say. */
  get startsSchedules(): boolean {
    const { isCurrent, leads } = this.#options.membership;
    return this.#standing === undefined ? leads : isCurrent && this.#standing.startsSchedules;
  }

  /** Daemons whose files declare something else, and what. */
  get differing(): DeclarationsStanding['differing'] {
    return this.#standing?.differing ?? [];
  }

  /** Calls back when another daemon declares something else, or this one starts schedules or no longer does. Returns what ends it. */
  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Declares what this daemon's files say. Resolves to the limits that hold. Rejects where the store can't be written. */
  async declare({ queues, doubtful, connections: all, connectionsDoubt, env, declared }: EngineSettings): Promise<Pick<Configured, 'queues' | 'connections'>> {
    const { store, clock } = this.#options;
    const connections = [...all.values()].map(({ name, rate, concurrency }) => ({ name, ...(rate === undefined ? {} : { rate }), ...(concurrency === undefined ? {} : { concurrency }) }));
    const answer = await store.configure({ queues, doubtful, ...(connectionsDoubt === undefined ? { connections } : { doubtfulConnections: connections }), env, ...(store.isShared ? { declared: { parts: declared(), now: clock.now() } } : {}) });
    this.#held = answer.holds ?? true;
    await this.look();
    return answer;
  }

  /** Another daemon may have declared something, or have come or gone. Never rejects. */
  async look(): Promise<void> {
    const { store, clock, onTurn, onError } = this.#options;
    if (!store.isShared) return;
    const before = [this.holds, this.startsSchedules];
    try {
      this.#standing = await store.declarations({ now: clock.now() });
    } catch (error) {
      onError(error);
      return;
    }
    const isTold = this.#tell();
    if (isTold || before[0] !== this.holds || before[1] !== this.startsSchedules) this.#listeners.tell();
    if (this.holds !== this.#held) onTurn();
  }

  /** False if the same was told last. */
  #tell(): boolean {
    const { log } = this.#options;
    const { differing } = this;
    const text = JSON.stringify([this.holds, differing]);
    if (text === this.#told || (this.#told === '' && differing.length === 0)) return false;
    this.#told = text;
    for (const { since, parts, ...one } of differing) {
      const shown = { ...one, since: new Date(since).toISOString(), parts: [...parts] };
      log.warn(shown, english.textOf(differingMessage(shown, (time) => time)));
    }
    if (differing.length === 0) log.info({}, 'the files of all daemons declare the same again');
    return true;
  }
}
