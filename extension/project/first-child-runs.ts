import type { Daemon } from '../../client/daemon-client.ts';
import type { RunState } from '../../schemas/protocol/id.ts';
import type { RunSummary } from '../../schemas/protocol/run.ts';

/** What a person looks for first comes first. */
const order: readonly RunState[] = ['failed', 'running', 'cancelled', 'succeeded'];

/** Runs that steps of a run have started: those that failed, then those that are running, then the others; of each state the newest first. */
export async function firstChildRuns(daemon: Daemon, parent: string, limit: number): Promise<{ readonly runs: readonly RunSummary[]; readonly hasMore: boolean }> {
  // One that changes its state meanwhile may be read twice.
  const found = new Map<string, RunSummary>();
  for (const state of order) {
    const { runs, next } = await daemon.call('run/list', { parent, state, limit: Math.max(1, limit - found.size) });
    if (runs.length > 0 && found.size >= limit) return { runs: [...found.values()], hasMore: true };
    for (const run of runs) found.set(run.id, run);
    if (next !== undefined) return { runs: [...found.values()], hasMore: true };
  }
  return { runs: [...found.values()], hasMore: false };
}
