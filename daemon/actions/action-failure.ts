import type { ActionFailure, AttemptError } from './action.ts';

/** Longest `cause`, in characters, and longest `message` kept. */
const maxCause = 100;
const maxMessage = 1000;

export type FailureDetails = Omit<ActionFailure, 'ok' | 'error'>;

/** An `AttemptError` within its bounds: one line of cause, a message that no server can blow up. */
export function attemptError(kind: AttemptError['kind'], cause: string, message: string): AttemptError {
  return { kind, cause: cause.replace(/\s+/g, ' ').slice(0, maxCause), message: message.slice(0, maxMessage) };
}

/** The input can't be sent as it is: never retried. */
export function invalidInput(cause: string, message: string, details: FailureDetails = {}): ActionFailure {
  return { ok: false, error: attemptError('invalid', cause, message), ...details };
}

/**
 * What an aborted attempt ends with. A `TimeoutError` as the signal's reason (as of `AbortSignal.timeout`) means the
 * time limit; anything else, a cancel or a stop. Whether the other side had already acted can't be known.
 */
export function abortedAttempt(signal: AbortSignal, details: FailureDetails = {}): ActionFailure {
  const reason: unknown = signal.reason;
  const timedOut = reason instanceof Error && reason.name === 'TimeoutError';
  const error = timedOut
    ? attemptError('timeout', 'timeout', 'The attempt was ended by its time limit. The other side may have acted on it all the same.')
    : attemptError('cancelled', 'cancelled', 'The attempt was stopped. The other side may have acted on it all the same.');
  return { ok: false, error, ...details };
}
