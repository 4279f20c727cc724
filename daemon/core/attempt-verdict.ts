import { allowedRetries, defaultRetryPolicy, longestDelayMs, retryDelayMs, type RetryCondition, type RetryPolicy } from '../../schemas/workflow/retry-policy.ts';
import type { MachineTrouble } from './machine-trouble.ts';

/** How often in a round the receiver may say "later" before its answers are charged as attempts. */
export const throttleBound = 100;
/** Crashes that a job may be part of before it counts as their cause. */
export const crashBound = 10;
/** Longest wait of a job that a `Retry-After` can ask for, in milliseconds. */
const maxRetryAfterMs = 86_400_000;
/** Longest wait of a whole queue that one answer can ask for, in milliseconds, unless a delay of the retry policy is longer. */
export const maxHoldMs = 3_600_000;
/** Waits after answers that mean "later" without saying how long, in milliseconds: the first, doubled with each, up to the last. */
const firstThrottleMs = 1000;
const lastThrottleMs = 60_000;
/** The same after attempts that this machine could not make. */
const lastMachineDelayMs = 120_000;
/** A queue of a machine without a network is tried again after this at the latest, in milliseconds. */
const longestNetworkHoldMs = 30_000;

/** What the policy looks at; `AttemptError` fits. */
export interface FailedWith {
  readonly kind: string;
  readonly status?: number;
  readonly protocol?: 'smtp';
}

export interface FailedAttempt {
  readonly error: FailedWith;
  /** How long the receiver asked us to wait; always greater than 0. */
  readonly retryAfterMs?: number;
  /** The answer means "later", whatever else it says: a 429, a 503 with `Retry-After`, an SMTP reply that throttles. */
  readonly throttled?: boolean;
  /** The receiver took a part and asks for the rest right away. */
  readonly continues?: boolean;
  /** Nothing has left, because this machine lacks what the attempt needs. */
  readonly machine?: MachineTrouble;
  /** Attempts charged in this round, with this one. */
  readonly tries: number;
  /** Attempts of this round that weren't charged, because the receiver said "later" or this machine could not make them, without this one. */
  readonly throttles: number;
  readonly policy: RetryPolicy | undefined;
  /** 0 <= random < 1, for the jitter. */
  readonly random: number;
}

export type Verdict =
  /** `holdMs`: the whole queue waits this long. `charged`: it counts as one of the attempts that the policy allows. */
  | { readonly kind: 'retry'; readonly delayMs: number; readonly charged: boolean; readonly holdMs?: number }
  | { readonly kind: 'dead'; readonly holdMs?: number };

/**
 * What becomes of a job whose attempt has failed.
 *
 * `Retry-After` makes the policy's delay longer, never shorter. An answer that means "later" is not charged (up to `throttleBound` of them),
 * but a policy that allows no repeat gets none. Such an answer holds the queue, even if this job is dead, because the receiver throttles
 * the sender and not the job. A `Retry-After` on a status that is final for the job (404) holds nothing.
 *
 * Where the receiver took a part, the rest follows immediately, whatever the policy says: it repeats nothing, and each such attempt leaves less.
 *
 * What this machine could not do is not an attempt of the job: it isn't charged either (within the same bound), and comes again whatever the
 * policy says, because nothing has left. Without a network the whole queue waits.
 */
export function attemptVerdict(failed: FailedAttempt): Verdict {
  if (failed.continues === true) return { kind: 'retry', delayMs: 0, charged: false };
  const { error, tries, throttles, random } = failed;
  const policy = failed.policy ?? defaultRetryPolicy;
  if (failed.machine !== undefined && throttles < throttleBound) {
    const delayMs = Math.round(Math.min(firstThrottleMs * 2 ** Math.min(throttles, 16), lastMachineDelayMs) * (0.75 + random / 2));
    return { kind: 'retry', delayMs, charged: false, ...(failed.machine === 'network' ? { holdMs: Math.min(delayMs, longestNetworkHoldMs) } : {}) };
  }
  const retried = isRetried(error, policy);
  const saysLater = failed.throttled === true || (failed.retryAfterMs !== undefined && retried);
  const askedMs = failed.retryAfterMs ?? Math.min(firstThrottleMs * 2 ** Math.min(throttles, 16), lastThrottleMs);
  const hold = saysLater ? { holdMs: Math.min(askedMs, Math.max(maxHoldMs, longestDelayMs(policy.backoff))) } : {};
  const isCharged = !saysLater || throttles >= throttleBound;
  // An attempt that isn't charged may come after the last delay: that delay then applies again.
  const delayMs = backoffMs(policy, isCharged ? tries : Math.min(tries, Math.max(1, allowedRetries(policy.backoff))), random);
  if (!retried || delayMs === undefined) return { kind: 'dead', ...hold };
  return { kind: 'retry', delayMs: saysLater ? Math.max(delayMs, Math.min(askedMs, maxRetryAfterMs)) : delayMs, charged: isCharged, ...hold };
}

/** The wait after the attempt of that number (from 1), with jitter; undefined if none may follow. */
export function backoffMs({ backoff, jitter }: RetryPolicy, tries: number, random: number): number | undefined {
  const delayMs = retryDelayMs(backoff, tries);
  return delayMs === undefined ? undefined : Math.round(delayMs * (1 + jitter * (2 * random - 1)));
}

/** The wait after a crash that a job was part of: none at first, since the crash is seldom its fault. */
export function crashDelayMs(crashes: number, random: number): number {
  return crashes <= 1 ? 0 : Math.round(Math.min(1000 * 2 ** (crashes - 2), 300_000) * (0.75 + random / 2));
}

function isRetried(error: FailedWith, policy: RetryPolicy): boolean {
  if (error.kind === 'invalid' || error.kind === 'internal') return false;
  if (policy.unless?.some((condition) => matches(condition, error)) === true) return false;
  return policy.on === undefined ? isRetriedByDefault(error) : policy.on.some((condition) => matches(condition, error));
}

/** Network errors, timeouts, 408, 425, 429 and 5xx; of e-mail, 4yz replies. */
function isRetriedByDefault({ kind, status, protocol }: FailedWith): boolean {
  if (kind === 'network' || kind === 'timeout') return true;
  if (kind !== 'status' || status === undefined) return false;
  if (protocol === 'smtp') return status >= 400 && status < 500;
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status <= 599);
}

function matches(condition: RetryCondition, { kind, status, protocol }: FailedWith): boolean {
  switch (condition) {
    case 'network':
    case 'timeout':
      return kind === condition;
    case '4xx':
    case '5xx':
      return kind === 'status' && protocol !== 'smtp' && Math.floor((status ?? 0) / 100) === Number(condition[0]);
    case '4yz':
    case '5yz':
      return kind === 'status' && protocol === 'smtp' && Math.floor((status ?? 0) / 100) === Number(condition[0]);
    default:
      return kind === 'status' && status === condition;
  }
}
