import type { QueueView } from '../../schemas/protocol/queue.ts';

/** Attempts that end well, a minute, as things go now: what was done over the last minutes is not throughput of a queue in which nothing is left. */
export function throughputNow({ depth, throughputPerMinute }: QueueView): number {
  return depth.pending + depth.delayed + depth.active === 0 ? 0 : throughputPerMinute;
}
