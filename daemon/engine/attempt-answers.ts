import type { JsonObject } from '../../schemas/workflow/json.ts';
import type { EncodedOutput } from '../actions/body-output.ts';
import { BodyProcess, type LargeBody } from '../actions/body-process.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { Masker } from '../secrets/masker.ts';
import type { Store } from '../store/store.ts';
import type { AttemptSignal } from './attempt-signal.ts';
import type { Slot } from './queue/attempt-pool.ts';

/** How long nothing is held before memory is given back, in milliseconds. */
const restMs = 2000;
/** Answers that took less together leave no garbage that is worth a collection, in bytes. */
const collectedBytes = 16_777_216;

interface Held {
  readonly bytes: number;
  /** Resolves when no process works on its body, also if the attempt was given up before. */
  readonly encoded: Promise<void>;
}

/** The large answers of all attempts: the memory that they may take, and the process that works on them. */
export class AttemptAnswers {
  readonly #clock: Clock;
  readonly #store: Pick<Store, 'releaseMemory'>;
  readonly #budget = new AnswerBudget();
  readonly #bodies: BodyProcess;
  /** By job: what its attempt holds of the budget. */
  readonly #held = new Map<number, Held>();
  /** Of all answers since memory was given back. */
  #bytes = 0;
  #rest: Timer | undefined;

  constructor({ clock, store, bodies = new BodyProcess() }: { readonly clock: Clock; readonly store: Pick<Store, 'releaseMemory'>; readonly bodies?: BodyProcess }) {
    this.#clock = clock;
    this.#store = store;
    this.#bodies = bodies;
  }

  /** Whether the attempt of that job holds a large answer. */
  has(jobId: number): boolean {
    return this.#held.has(jobId);
  }

  /** See `ActionContext.room`. */
  async room(jobId: number, attempt: AttemptSignal, bytes: number): Promise<void> {
    const taken = await attempt.withoutLimit(this.#budget.take(bytes, attempt.signal));
    this.#rest?.cancel();
    this.#bytes += taken;
    if (taken > 0 && (attempt.signal.aborted || attempt.hasEnded)) this.#release(taken);
    else if (taken > 0) this.#held.set(jobId, { bytes: (this.#held.get(jobId)?.bytes ?? 0) + taken, encoded: Promise.resolve() });
    attempt.signal.throwIfAborted();
  }

  /** See `ActionContext.encodeLargeBody`. */
  async encode(jobId: number, attempt: AttemptSignal, masker: Masker, output: JsonObject, body: LargeBody): Promise<EncodedOutput> {
    // It was given up: what is held for that job is another attempt's.
    if (attempt.hasEnded) attempt.signal.throwIfAborted();
    const encoding = this.#bodies.encode(JSON.stringify(masker.json(output)), body, masker.secrets);
    const held = this.#held.get(jobId);
    if (held !== undefined) this.#held.set(jobId, { ...held, encoded: encoding.then(() => {}, () => {}) });
    return attempt.withoutLimit(encoding);
  }

  /** The slot, and with it the memory that the attempt's answer takes until its outcome is in the store. `onSettled` is called then. */
  untilStored(jobId: number, slot: Slot, onSettled?: () => void): Pick<Slot, 'isFollowed' | 'release'> {
    const held = this.#held.get(jobId);
    if (held === undefined && onSettled === undefined) return slot;
    this.#held.delete(jobId);
    const release = (): void => {
      void held?.encoded.then(() => this.#release(held.bytes));
      slot.release();
      onSettled?.();
    };
    return {
      get isFollowed() {
        return held === undefined && slot.isFollowed;
      },
      release,
    };
  }

  /** Idempotent. */
  stop(): void {
    this.#rest?.cancel();
    this.#bodies.stop();
  }

  #release(bytes: number): void {
    this.#budget.release(bytes);
    if (this.#budget.isUnused) this.#rest = this.#clock.setTimer(restMs, () => this.#giveBackMemory());
  }

  #giveBackMemory(): void {
    this.#bodies.stop();
    if (this.#bytes < collectedBytes) return;
    this.#bytes = 0;
    // V8 looks for garbage when it needs memory, which a daemon at rest doesn't. Only a daemon is started with this function.
    void globalThis.gc?.({ execution: 'async' });
    // The store's threads have had the answers as well. One that has ended has no garbage.
    this.#store.releaseMemory().catch(() => undefined);
  }
}

/** Bytes of answers that attempts may hold at the same time, from their receivers' first bytes until the outcomes are in the store. */
export const answerBudgetBytes = 67_108_864;

interface Waiting {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * Memory for answers, shared by all attempts. Anyone who needs some asks for all of it at once, so that none waits with a part of it for another that
 * does the same. In the order of asking, so that a large one isn't passed by for ever; one that is larger than the whole has the whole.
 */
export class AnswerBudget {
  readonly #totalBytes: number;
  #freeBytes: number;
  #waiting: Waiting[] = [];

  constructor(totalBytes = answerBudgetBytes) {
    this.#totalBytes = totalBytes;
    this.#freeBytes = totalBytes;
  }

  /** Resolves to how much was taken, to be given back; to 0 if `signal` aborts first. */
  async take(bytes: number, signal: AbortSignal): Promise<number> {
    const wanted = Math.min(bytes, this.#totalBytes);
    if (signal.aborted) return 0;
    if (this.#waiting.length === 0 && wanted <= this.#freeBytes) {
      this.#freeBytes -= wanted;
      return wanted;
    }
    const { promise, resolve } = Promise.withResolvers<number>();
    const waiting = { bytes: wanted, grant: () => resolve(wanted) };
    const onAbort = (): void => {
      if (!this.#waiting.includes(waiting)) return;
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
      this.#grant();
      resolve(0);
    };
    this.#waiting.push(waiting);
    signal.addEventListener('abort', onAbort, { once: true });
    const taken = await promise;
    signal.removeEventListener('abort', onAbort);
    return taken;
  }

  get isUnused(): boolean {
    return this.#freeBytes === this.#totalBytes;
  }

  release(bytes: number): void {
    this.#freeBytes += bytes;
    this.#grant();
  }

  #grant(): void {
    for (let [next] = this.#waiting; next !== undefined && next.bytes <= this.#freeBytes; [next] = this.#waiting) {
      this.#waiting.shift();
      this.#freeBytes -= next.bytes;
      next.grant();
    }
  }
}
