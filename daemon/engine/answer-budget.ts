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
