import type { SettleParams, Store } from '../store/store.ts';
import type { StoreHealth } from './store-health.ts';

/** The outcome of an attempt that was given up before. */
export interface LateOutcome {
  readonly jobId: number;
  readonly attempt: number;
  readonly succeeded: boolean;
}

/** Writes how attempts ended. What the store can't take just now waits in memory, because the effect has been made. */
export class OutcomeWriter {
  readonly #store: Store;
  readonly #health: StoreHealth;
  readonly #onBug: (error: unknown, outcome: SettleParams) => void;
  readonly #onLate: (late: LateOutcome) => void;
  readonly #kept: SettleParams[] = [];
  #underWay = 0;
  #late = 0;
  #whenIdle: (() => void)[] = [];

  constructor(options: {
    readonly store: Store;
    readonly health: StoreHealth;
    readonly onBug: (error: unknown, outcome: SettleParams) => void;
    readonly onLate: (late: LateOutcome) => void;
  }) {
    this.#store = options.store;
    this.#health = options.health;
    this.#onBug = options.onBug;
    this.#onLate = options.onLate;
  }

  /** Outcomes that came after their attempt had been given up; they were refused. */
  get late(): number {
    return this.#late;
  }

  /** An attempt that was given up has ended after all. */
  refuseLate({ jobId, attempt }: Pick<SettleParams, 'jobId' | 'attempt'>, succeeded: boolean): void {
    this.#late++;
    this.#onLate({ jobId, attempt, succeeded });
  }

  /** Outcomes that wait for the store. */
  get kept(): number {
    return this.#kept.length;
  }

  settle(outcome: SettleParams): void {
    this.#underWay++;
    this.#store
      .settle(outcome)
      .then(({ accepted }) => {
        if (!accepted) this.refuseLate(outcome, outcome.outcome.kind === 'succeeded');
      })
      .catch((error: unknown) => {
        if (this.#health.note(error)) this.#kept.push(outcome);
        else this.#onBug(error, outcome);
      })
      .finally(() => {
        this.#underWay--;
        if (this.#underWay === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
      });
  }

  /** The store can be written again. */
  resume(): void {
    for (const outcome of this.#kept.splice(0)) this.settle(outcome);
  }

  /** Resolves when nothing is being written any more; what the store refuses still waits then. */
  async drained(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }
}
