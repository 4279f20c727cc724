import { defaultRetryPolicy, retryDelayMs, type RetryCondition, type RetryPolicy } from '../../schemas/workflow/retry-policy.ts';

/** How often in a round the other side may say "later" before its answers are charged as attempts. */
export const throttleBound = 100;
/** Crashes that a job may be part of before it counts as their cause. */
export const crashBound = 10;
/** Longest wait that a `Retry-After` can ask for, in milliseconds. */
export const maxRetryAfterMs = 86_400_000;
/** How long a queue is held when the other side says "too many" without saying how long, in milliseconds. */
const plainThrottleMs = 1000;

/** What the policy looks at; `AttemptError` fits. */
export interface FailedWith {
  readonly kind: string;
  readonly status?: number;
  readonly protocol?: 'smtp';
}

export interface FailedAttempt {
  readonly error: FailedWith;
  readonly retryAfterMs?: number;
  readonly throttled?: boolean;
  /** Attempts charged in this round, with this one. */
  readonly tries: number;
  /** Attempts of this round that weren't charged because the other side said "later", without this one. */
  readonly throttles: number;
  readonly policy: RetryPolicy | undefined;
  /** 0 <= random < 1, for the jitter. */
  readonly random: number;
}

export type Verdict =
  /** `holdMs`: the whole queue waits as long. `charged`: it counts as one of the attempts that the policy allows. */
  | { readonly kind: 'retry'; readonly delayMs: number; readonly charged: boolean; readonly holdMs?: number }
  | { readonly kind: 'dead'; readonly holdMs?: number };

/** What becomes of a job whose attempt has failed. */
export function attemptVerdict(failed: FailedAttempt): Verdict {
  const policy = failed.policy ?? defaultRetryPolicy;
  const saysLater = failed.throttled === true || failed.retryAfterMs !== undefined;
  const askedMs = failed.retryAfterMs === undefined ? undefined : Math.min(Math.max(0, failed.retryAfterMs), maxRetryAfterMs);
  const hold = saysLater ? { holdMs: askedMs ?? plainThrottleMs } : {};
  if (!isRetried(failed.error, policy)) return { kind: 'dead', ...hold };

  if (saysLater && failed.throttles < throttleBound) {
    // A queue that is held makes its jobs wait anyway; without a delay of its own, each would be the first one out again.
    const delayMs = askedMs ?? Math.max(plainThrottleMs, Math.min(60_000, plainThrottleMs * 2 ** Math.min(failed.throttles, 6)));
    return { kind: 'retry', delayMs, charged: false, holdMs: delayMs };
  }
  const plannedMs = backoffMs(policy, failed.tries, failed.random);
  if (plannedMs === undefined) return { kind: 'dead', ...hold };
  return { kind: 'retry', delayMs: Math.max(plannedMs, askedMs ?? 0), charged: true, ...hold };
}

/** The wait after the attempt of that number (from 1), with jitter; undefined where none may follow. */
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
  return status === 408 || status === 425 || status === 429 || status >= 500;
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
