/** When a failed attempt is repeated. */
export interface RetryPolicy {
  readonly backoff: Backoff;
  /** Each delay is moved by a random share of itself, up to this (0..1) either way. */
  readonly jitter: number;
  /** Error classes that are retried; undefined means those of DESIGN's `retry.delays` paragraph. */
  readonly on?: readonly RetryCondition[];
  /** Error classes that are not retried; wins over `on`. */
  readonly unless?: readonly RetryCondition[];
}

export type Backoff =
  | { readonly kind: 'delays'; readonly delaysMs: readonly number[] }
  | { readonly kind: 'exponential'; readonly firstMs: number; readonly factor: number; readonly maxMs: number; readonly attempts: number };

/** A status (`503`), a class of statuses (`5xx`), or a kind of failure. */
export type RetryCondition = number | '4xx' | '5xx' | '4yz' | '5yz' | 'network' | 'timeout';

export const defaultRetryPolicy: RetryPolicy = {
  backoff: { kind: 'exponential', firstMs: 5_000, factor: 2, maxMs: 600_000, attempts: 5 },
  jitter: 0.1,
};
