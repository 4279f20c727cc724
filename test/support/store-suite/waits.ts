import type { Wait } from '../../../daemon/ledger/call.ts';
import type { StoreBench } from './store-bench.ts';

export const hourMs = 3_600_000;
export const noDepth = { pending: 0, delayed: 0, active: 0, dead: 0 };

/** What the tests of waits begin with: jobs that wait, and what they wait for. */
export class Waits {
  readonly #bench: () => StoreBench;

  constructor(bench: () => StoreBench) {
    this.#bench = bench;
  }

  /** A run of one job, which waits. */
  async begin(wait: Wait, extra = ''): Promise<{ readonly runId: number; readonly jobId: number }> {
    const runId = await this.#bench().one('default', extra);
    const job = await this.#bench().next();
    await this.#bench().settle(job, { kind: 'wait', wait });
    return { runId, jobId: job.jobId };
  }

  signal(name = 'approve', { onTimeout = 'fail', afterMs }: { readonly onTimeout?: 'fail' | 'continue'; readonly afterMs?: number } = {}): Wait {
    return { for: 'signal', name, onTimeout, ...(afterMs === undefined ? {} : { until: this.#bench().now + afterMs }) };
  }

  async pass(ms: number): Promise<void> {
    this.#bench().now += ms;
    await this.#bench().store.promote({ now: this.#bench().now });
  }
}
