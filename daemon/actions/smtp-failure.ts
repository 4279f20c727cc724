import type { NodemailerError } from 'nodemailer';
import type { Json } from '../../schemas/workflow/json.ts';
import { attemptError } from './action-failure.ts';
import type { ActionFailure } from './action.ts';
import { networkFailure } from './network-failure.ts';

/** How much of a server's reply is kept, in characters. */
const maxReply = 1000;

/**
 * nodemailer's error as a failure. A reply of the server: `status` with its code, and `protocol: 'smtp'`, by which the
 * engine knows that 4yz is worth a retry (RFC 5321, 4.2.1). No reply: `network`.
 */
export function smtpFailure(error: NodemailerError, peer: string, request: Json): ActionFailure {
  const { responseCode: code, response: reply } = error;
  if (typeof code === 'number' && typeof reply === 'string' && code >= 400) {
    const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(reply)?.[1];
    const cause = enhanced === undefined ? `SMTP ${code}` : `SMTP ${code} ${enhanced}`;
    const said = reply.slice(0, maxReply);
    return {
      ok: false,
      error: { ...attemptError('status', cause, `${peer} answered ${said}`), status: code, protocol: 'smtp' },
      request,
      response: { reply: said, ...(typeof error.command === 'string' ? { command: error.command.slice(0, 100) } : {}) },
    };
  }
  return networkFailure(withSystemCode(error), peer, { request });
}

/** nodemailer puts a code of its own (`ESOCKET`) over the system's (`ECONNREFUSED`), which says more. */
function withSystemCode(error: NodemailerError): Error {
  const original = 'originalCode' in error && typeof error.originalCode === 'string' ? error.originalCode : undefined;
  // nodemailer's words for this case speak of retries that have been turned off.
  const message = /maximum number of retries/.test(error.message) ? 'the connection was closed' : error.message;
  if (original === undefined && message === error.message) return error;
  return Object.assign(new Error(message, { cause: error }), { code: original ?? error.code });
}
