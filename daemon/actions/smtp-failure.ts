import type { NodemailerError } from 'nodemailer';
import { message, type Message } from '../../schemas/wording/message.ts';
import type { JsonObject } from '../../schemas/workflow/json.ts';
import { type ActionFailure, attemptError, type FailureDetails } from './action.ts';
import { networkFailure } from './network-failure.ts';

/** How much of a server's reply is kept, in characters. */
const maxReply = 1000;

export interface SmtpReply {
  readonly status: number;
  readonly reply: string;
}

/**
 * nodemailer's error as a failure. A reply of the server: `status` with its code, and `protocol: 'smtp'`, by which the
 * engine knows that 4yz is worth a retry (RFC 5321, 4.2.1). No reply: `network`.
 */
export function smtpFailure(error: NodemailerError, peer: string, details: FailureDetails): ActionFailure {
  const { responseCode: status, response: reply, command } = error;
  if (typeof status === 'number' && typeof reply === 'string' && status >= 400) {
    const given = typeof command === 'string' ? { command: command.slice(0, 100) } : {};
    return replyFailure({ status, reply }, message('{host} answered {reply}', { host: peer, reply: reply.slice(0, maxReply) }), details, given);
  }
  // While it connects, nothing of the message has left.
  return networkFailure(withSystemCode(error), peer, details, error.command === 'CONN');
}

/** A refusal by a reply; `response`: what is recorded of it besides. */
export function replyFailure({ status, reply }: SmtpReply, wording: Message, details: FailureDetails, response: JsonObject = {}): ActionFailure {
  const enhanced = enhancedCode(reply);
  const cause = enhanced === undefined ? `SMTP ${status}` : `SMTP ${status} ${enhanced}`;
  return {
    ok: false,
    error: { ...attemptError('status', cause, wording), status, protocol: 'smtp' },
    response: { reply: reply.slice(0, maxReply), ...response },
    ...(throttlesSender({ status, reply }) ? { throttled: true } : {}),
    ...details,
  };
}

/**
 * Whether a reply puts off the sender, and not this message or recipient: then the whole queue has to wait, as with HTTP's 429.
 *
 * - 421 closes the session, 454 refuses to log in or to encrypt for now (RFC 5321, 4954, 3207; "454 Throttling failure"): always.
 * - The system takes nothing now (x.3.2) or is congested (x.4.5) (RFC 3463).
 * - 450, 451 and 452 with a policy's code (x.7.z) or with none, only where their words speak of a rate: greylisting, which concerns one
 *   recipient of one message, has the same codes. Codes of a mailbox (x.2.z) or an address (x.1.z) never do.
 */
export function throttlesSender({ status, reply }: SmtpReply): boolean {
  if (status === 421 || status === 454) return true;
  if (status < 400 || status >= 500) return false;
  const enhanced = enhancedCode(reply);
  if (enhanced === '4.3.2' || enhanced === '4.4.5') return true;
  if (enhanced !== undefined && !enhanced.startsWith('4.7.')) return false;
  return rateWords.test(reply) && !/gr[ea]y-?list/i.test(reply);
}

const rateWords = /\b(?:rate|throttl\w*|too (?:many|much|fast|quickly|frequent\w*)|slow down|(?:sending|message|connection|hourly|daily) (?:limit|quota)|limit exceeded|quota exceeded|server busy)\b/i;

/** RFC 3463: `4.7.1`. */
function enhancedCode(reply: string): string | undefined {
  return /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(reply)?.[1];
}

/** nodemailer puts a code of its own (`ESOCKET`) over the system's (`ECONNREFUSED`), which says more. */
function withSystemCode(error: NodemailerError): Error {
  const original = 'originalCode' in error && typeof error.originalCode === 'string' ? error.originalCode : undefined;
  return original === undefined ? error : Object.assign(new Error(error.message, { cause: error }), { code: original });
}
