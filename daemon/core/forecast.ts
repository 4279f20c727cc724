import type { StallReason } from '../../schemas/protocol/queue.ts';
import { type Rate, slowestRate } from '../../schemas/workflow/rate.ts';
import type { RateUse } from './rate-windows.ts';

/** How jobs come to a queue and leave it, as measured lately. */
export interface QueueFlow {
  /** Jobs that keep coming; 0 where they came all at once. */
  readonly arrivalsPerMs: number;
  /** Jobs that have left by their attempts within the last `leftMs`, in which some were due all the time. */
  readonly left: number;
  readonly leftMs: number;
  /** Over the last five minutes, whether or not jobs were due: those that left, and attempts that failed. */
  readonly completedRecently: number;
  readonly failedRecently: number;
  /** How long attempts took in that time. */
  readonly meanRunningMs?: number;
}

export interface ForecastInput {
  readonly pending: number;
  readonly delayed: number;
  readonly active: number;
  readonly paused: boolean;
  /** The other side asked for it. */
  readonly held: boolean;
  /** Whether the store can be written. */
  readonly isStoreOk: boolean;
  /** The rates that hold, each with what has started within its window. */
  readonly rates: readonly RateUse[];
  readonly concurrency: number;
  readonly flow: QueueFlow;
}

/** Whether a queue will clear on its own, and when. */
export type ForecastVerdict =
  | { readonly state: 'idle' }
  | { readonly state: 'draining'; readonly drainMs: number; readonly limitedBy: 'rate' | 'concurrency' }
  | { readonly state: 'steady' }
  | { readonly state: 'growing'; readonly growthPerMinute: number }
  | { readonly state: 'stalled'; readonly reason: StallReason }
  | { readonly state: 'unknown' };

/** Before, what has left says little: the first attempts may still be running. */
const soonestMs = 20_000;
/** Jobs that must have left, or could have by the rate, before what was measured is taken for what can be done; failures, before they are a stall. */
const enough = 3;
/** Coming and leaving are the same, within this share. */
const steadyShare = 0.02;
/** A queue that does less than this share of its rate is held up by something else. */
const rateShare = 0.9;

/**
 * From what came and left lately, and not from how long attempts take, which knows nothing of failures, of a slow store or of
 * whoever else uses the machine. Only while too little has left since jobs wait is it taken from the rate and from how long
 * attempts took.
 */
export function forecast(input: ForecastInput): ForecastVerdict {
  const { pending, delayed, active, paused, held, isStoreOk, flow } = input;
  const waiting = pending + delayed;
  if (waiting === 0) return { state: 'idle' };
  if (!isStoreOk) return { state: 'stalled', reason: 'store' };
  if (paused) return { state: 'stalled', reason: 'paused' };
  if (held) return { state: 'stalled', reason: 'held' };
  if (pending + active === 0) return { state: 'stalled', reason: 'not-due' };
  if (flow.completedRecently === 0 && flow.failedRecently >= enough) return { state: 'stalled', reason: 'nothing-completes' };
  const capacity = capacityOf(input);
  if (capacity === undefined) return { state: 'unknown' };
  const netPerMs = capacity.perMs - flow.arrivalsPerMs;
  if (flow.arrivalsPerMs > 0 && Math.abs(netPerMs) <= capacity.perMs * steadyShare) return { state: 'steady' };
  if (netPerMs < 0) return { state: 'growing', growthPerMinute: -netPerMs * 60_000 };
  return { state: 'draining', drainMs: waiting / netPerMs, limitedBy: capacity.limitedBy };
}

interface Capacity {
  readonly perMs: number;
  readonly limitedBy: 'rate' | 'concurrency';
}

/** The rate that lets the last of what waits start last: one whose burst takes all of it doesn't slow it down. */
function decidingRate(rates: readonly RateUse[], waiting: number): Rate | undefined {
  const slowing = rates.filter(({ rate, used }) => rate.burst - used < waiting).map(({ rate }) => rate);
  return slowestRate(slowing) ?? rates.map(({ rate }) => rate).sort((one, other) => other.limit / other.perMs - one.limit / one.perMs)[0];
}

function capacityOf({ rates, pending, delayed, concurrency, flow }: ForecastInput): Capacity | undefined {
  const rate = decidingRate(rates, pending + delayed);
  const byRate = rate === undefined ? undefined : rate.limit / rate.perMs;
  const { left, leftMs, meanRunningMs } = flow;
  const couldLeave = byRate === undefined ? 0 : byRate * leftMs;
  if (left > 0 && leftMs >= soonestMs && (left >= enough || couldLeave >= enough)) {
    const measured = left / leftMs;
    // A burst may have gone out faster than the rate lets the rest follow.
    if (byRate !== undefined && measured >= byRate * rateShare) return { perMs: Math.min(measured, byRate), limitedBy: 'rate' };
    return { perMs: measured, limitedBy: 'concurrency' };
  }
  const byTime = meanRunningMs === undefined ? undefined : concurrency / Math.max(1, meanRunningMs);
  if (byRate !== undefined && byRate <= (byTime ?? Infinity)) return { perMs: byRate, limitedBy: 'rate' };
  return byTime === undefined ? undefined : { perMs: byTime, limitedBy: 'concurrency' };
}
