import { failPoint } from '../platform/fail-point.ts';
import { shiftedOutcome } from '../store/shifted-outcome.ts';
import type { Settled, SettleParams, Store } from '../store/store.ts';
import type { Slot } from './queue/attempt-pool.ts';
import type { StoreHealth } from './store-health.ts';

/** The outcome of an attempt that was given up before. */
export interface LateOutcome {
  readonly jobId: number;
  readonly attempt: number;
  readonly succeeded: boolean;
}

interface Ended {
  readonly outcome: SettleParams;
  readonly slot: Pick<Slot, 'isFollowed' | 'release'> | undefined;
}

/** Writes how attempts ended, those of a turn together. What the store can't take just now waits in memory, because the effect has been made. */
export class OutcomeWriter {
  readonly #store: Store;
  readonly #health: StoreHealth;
  readonly #onBug: (error: unknown, outcome: SettleParams) => void;
  readonly #onLate: (late: LateOutcome) => void;
  #kept: SettleParams[] = [];
  #turn: Ended[] = [];
  /** By how much the wall clock has been set so far. */
  #shiftedMs = 0;
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

  /** The slot is released when the process may die without the attempt being made again: then another one may take its place. */
  settle(outcome: SettleParams, slot?: Ended['slot']): void {
    this.#turn.push({ outcome, slot });
    if (this.#turn.length > 1) return;
    this.#underWay++;
    setImmediate(() => void this.#settleTurn());
  }

  /** The wall clock was set: outcomes that haven't reached the store move with it. */
  shift(byMs: number): void {
    this.#shiftedMs += byMs;
    this.#kept = this.#kept.map((outcome) => shiftedOutcome(outcome, byMs));
    this.#turn = this.#turn.map((ended) => ({ ...ended, outcome: shiftedOutcome(ended.outcome, byMs) }));
  }

  /** The store can be written again. */
  resume(): void {
    for (const outcome of this.#kept.splice(0)) this.settle(outcome);
  }

  /** Resolves when nothing is being written; what the store refuses still waits then. */
  async drained(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  async #settleTurn(): Promise<void> {
    const turn = this.#turn;
    this.#turn = [];
    const outcomes = turn.map(({ outcome }) => outcome);
    const shiftedMs = this.#shiftedMs;
    const urgency = turn.every(({ slot }) => slot?.isFollowed === true) ? 'lazy' : 'immediate';
    const { survivesCrash, stored } = this.#store.settle({ outcomes, urgency });
    if (survivesCrash) {
      failPoint('outcome-noted');
      releaseAll(turn);
    }
    try {
      this.#settled(outcomes, await stored);
    } catch (error) {
      if (this.#health.note(error)) this.#kept.push(...outcomes.map((outcome) => shiftedOutcome(outcome, this.#shiftedMs - shiftedMs)));
      else for (const outcome of outcomes) this.#onBug(error, outcome);
    }
    if (!survivesCrash) releaseAll(turn);
    this.#underWay--;
    if (this.#underWay === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #settled(outcomes: readonly SettleParams[], { refused, failed }: Settled): void {
    for (const index of refused) {
      const outcome = outcomes[index];
      if (outcome !== undefined) this.refuseLate(outcome, outcome.outcome.kind === 'succeeded');
    }
    for (const { index, error } of failed) {
      const outcome = outcomes[index];
      if (outcome !== undefined) this.#onBug(error, outcome);
    }
  }
}

function releaseAll(turn: readonly Ended[]): void {
  for (const { slot } of turn) slot?.release();
}
