import { CodedError } from '../../schemas/protocol/error.ts';
import type { Clock, Timer } from '../core/clock.ts';

/** How often a store that can't be written is tried again, in milliseconds. */
const probeEveryMs = 1000;

export interface StoreTrouble {
  /** For a person: what is wrong. */
  readonly problem: string;
  /** Wall time. */
  readonly since: number;
}

/**
 * Whether the store can be written. While it can't, nothing is claimed and nothing is accepted; it is tried again every
 * second, and everything goes on by itself.
 */
export class StoreHealth {
  readonly #clock: Clock;
  readonly #probe: () => Promise<void>;
  readonly #onChange: (trouble: StoreTrouble | undefined) => void;
  #trouble: StoreTrouble | undefined;
  #timer: Timer | undefined;
  #stopped = false;
  #isLost = false;

  /** `probe`: writes to the store, and rejects where that can't be done. */
  constructor(options: { readonly clock: Clock; readonly probe: () => Promise<void>; readonly onChange: (trouble: StoreTrouble | undefined) => void }) {
    this.#clock = options.clock;
    this.#probe = options.probe;
    this.#onChange = options.onChange;
  }

  get trouble(): StoreTrouble | undefined {
    return this.#trouble;
  }

  /** Takes note of an error of the store. True where it says that the store can't be written just now. */
  note(error: unknown): boolean {
    if (!(error instanceof CodedError) || error.code !== 'store-unavailable') return false;
    if (this.#trouble === undefined && !this.#stopped) {
      this.#trouble = { problem: error.message, since: this.#clock.now() };
      this.#onChange(this.#trouble);
      this.#probeLater();
    }
    return true;
  }

  /** The store can't be used again by this process. `problem` may be told anew as things go on. */
  lose(problem: string): void {
    this.#timer?.cancel();
    this.#isLost = true;
    this.#trouble = { problem, since: this.#trouble?.since ?? this.#clock.now() };
    this.#onChange(this.#trouble);
  }

  /** @throws CodedError `store-unavailable` while the store can't be written */
  refuseIntake(): void {
    if (this.#trouble !== undefined) throw new CodedError('store-unavailable', this.#trouble.problem);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #probeLater(): void {
    this.#timer = this.#clock.setTimer(probeEveryMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    try {
      await this.#probe();
    } catch {
      if (!this.#stopped && !this.#isLost) this.#probeLater();
      return;
    }
    if (this.#stopped || this.#isLost) return;
    this.#trouble = undefined;
    this.#onChange(undefined);
  }
}
