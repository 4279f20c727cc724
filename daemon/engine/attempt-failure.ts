import { messageOfError } from '../../schemas/protocol/error.ts';
import { message } from '../../schemas/wording/message.ts';
import { type ActionFailure, attemptError } from '../actions/action.ts';
import type { MachineTroubleError } from '../core/machine-trouble.ts';
import type { AttemptOutcome } from '../store/store.ts';
import type { AbortReason } from './attempt-signal.ts';

/** A failure without any word of the receiver. */
export function saysNothing({ error: { kind }, effectStands, progress }: ActionFailure): boolean {
  return (kind === 'timeout' || kind === 'network') && effectStands !== true && progress === undefined;
}

/** What is left of an attempt that was told to end, and hasn't succeeded all the same; undefined if its failure is its own. */
export function cutOff(reason: AbortReason | undefined): AttemptOutcome | undefined {
  switch (reason) {
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'stopped':
      return { kind: 'interrupted' };
    case 'withheld':
      return { kind: 'returned' };
    case 'timeout':
    case undefined:
      return undefined;
  }
}

/** Nothing has left, or nothing that changes anything: what the attempt needed of this machine was missing. */
export function machineFailure(error: MachineTroubleError): ActionFailure {
  return { ok: false, error: attemptError('network', error.code, message('{problem}.', { problem: error.message })), machine: 'resources' };
}

export const givenUp: ActionFailure = {
  ok: false,
  error: attemptError('timeout', 'timeout', message('The attempt continued after its time limit and was given up.')),
};

export const tooLate: ActionFailure = {
  ok: false,
  error: attemptError('timeout', 'not ready in time', message('Again and again the request was not ready to leave while the start held that the rate of its queue had given it: connecting takes too long.')),
};

export function bugFailure(error: unknown): ActionFailure {
  return { ok: false, error: attemptError('internal', 'internal error', message('A bug in Sluice or in the action: {problem}', { problem: messageOfError(error) })) };
}
