import type { Clock } from '../core/clock.ts';
import type { Store } from '../store/store.ts';

/** Jobs that one transaction cancels, or takes up again, when a step is closed or reopened. */
const chunk = 1000;

export interface CascadesOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly store: Pick<Store, 'cascade'>;
  readonly isStopping: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Cancels and reopens the jobs of steps, in chunks, until none is left; other work continues between them. */
export class Cascades {
  readonly #options: CascadesOptions;
  #isUnderWay = false;

  constructor(options: CascadesOptions) {
    this.#options = options;
  }

  async carryOn(): Promise<void> {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    const { clock, store, isStopping, onError } = this.#options;
    try {
      for (let more = true; more && !isStopping();) ({ more } = await store.cascade({ now: clock.now(), limit: chunk }));
    } catch (error) {
      onError(error);
    } finally {
      this.#isUnderWay = false;
    }
  }
}
