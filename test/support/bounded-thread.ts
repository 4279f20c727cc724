import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A question took more of the processor than it may. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/**
 * A program in a thread of its own, which has an answer to each message. What takes more of the processor than it may is ended with its
 * thread, even a loop that never comes back. Bounds what the processor did, in milliseconds, and not the time that went by: a busy machine
 * changes nothing. All threads of the process count, so nothing else is done meanwhile.
 */
export class BoundedThread {
  readonly #program: URL;
  readonly #maxMs: number;
  #worker: Worker | undefined;

  constructor(program: URL, maxMs: number) {
    this.#program = program;
    this.#maxMs = maxMs;
  }

  /** Rejects with {@link TooMuchWork}, and with what the program failed with. The next question then gets a new thread. */
  async ask(question: unknown): Promise<unknown> {
    const worker = (this.#worker ??= await this.#begin());
    const before = process.cpuUsage();
    const end = new AbortController();
    try {
      worker.postMessage(question);
      const [answer] = (await Promise.race([once(worker, 'message', end), this.#exceeded(before, end.signal)])) as [unknown];
      const excess = this.#excess(before);
      if (excess !== undefined) throw excess;
      return answer;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      end.abort();
    }
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** Its start isn't part of any question. */
  async #begin(): Promise<Worker> {
    const worker = new Worker(this.#program);
    await once(worker, 'message');
    return worker;
  }

  async #exceeded(before: NodeJS.CpuUsage, signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      const timer = setInterval(() => {
        const excess = this.#excess(before);
        if (excess !== undefined) reject(excess);
      }, 100);
      signal.addEventListener('abort', () => clearInterval(timer));
    });
  }

  #excess(before: NodeJS.CpuUsage): TooMuchWork | undefined {
    const { user, system } = process.cpuUsage(before);
    const tookMs = (user + system) / 1000;
    return tookMs > this.#maxMs ? new TooMuchWork(`It took ${Math.round(tookMs)} ms of the processor; ${this.#maxMs} ms is the bound.`) : undefined;
  }
}
