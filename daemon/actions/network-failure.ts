import { message } from '../../schemas/wording/message.ts';
import { lackOf, machineTroubleOf } from '../core/machine-trouble.ts';
import { AddressDeniedError, ownInterfaces } from './address-guard.ts';
import { type ActionFailure, attemptError, type FailureDetails, invalidInput } from './action.ts';

/**
 * Codes of undici and OpenSSL in words that a person can group by; other codes, such as `ECONNREFUSED`, are clear as
 * they are.
 */
const causeOfCode: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'connection closed',
  UND_ERR_CONNECT_TIMEOUT: 'connect timeout',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'answer cut short',
  UND_ERR_HEADERS_OVERFLOW: 'response headers too large',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate for another host',
  CERT_HAS_EXPIRED: 'certificate expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate not trusted',
};

/** Largest headers of an answer, in bytes. */
export const maxHeaderBytes = 65_536;

/** undici's refusals of what it was asked to send: a line break in a header, say. */
const unsendable: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH']);

/**
 * An error below the protocol, as a failure: no answer came, or not all of it. `peer` is the host and port, without
 * path or query, because those may hold secrets. `isUnsent`: nothing of the request has left; only then can it be the fault of this machine.
 */
export function networkFailure(error: Error, peer: string, details: FailureDetails = {}, isUnsent = false): ActionFailure {
  if (error instanceof AddressDeniedError) return invalidInput('address not allowed', message('{problem}.', { problem: error.message }), details);
  const code = codeOf(error);
  if (code !== undefined && unsendable.has(code)) {
    return invalidInput('request not valid', message("The request can't be sent: {problem}.", { problem: error.message }), details);
  }
  const machine = isUnsent ? machineTroubleOf(codesOf(error), isOffline) : undefined;
  if (machine !== undefined && code !== undefined) {
    const told = message('This machine lacks {what}, so nothing was sent to {peer}: {problem}.', { what: lackOf(code), peer, problem: explainError(error) });
    return { ok: false, error: attemptError('network', code, told), machine, ...details };
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    const told = message(
      'The headers of the answer from {peer} are larger than {max} KiB, which is the most that is read, so its answer is not known. The server has to send less: look there for cookies, or for a header that grows with each request.',
      { peer, max: maxHeaderBytes / 1024 },
    );
    return { ok: false, error: attemptError('network', causeOfCode[code] ?? code, told), ...details };
  }
  const cause = error.name === 'HTTPParserError' ? 'not HTTP' : code === undefined ? 'network error' : (causeOfCode[code] ?? code);
  return { ok: false, error: attemptError('network', cause, message('No complete answer came from {peer}: {problem}.', { peer, problem: explainError(error) })), ...details };
}

/** The innermost known code: the first of an aggregate (one attempt per address), then of the causes. */
function codeOf(error: Error): string | undefined {
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code;
  if (error instanceof AggregateError) {
    const first: unknown = error.errors[0];
    if (first instanceof Error) return codeOf(first);
  }
  return error.cause instanceof Error ? codeOf(error.cause) : undefined;
}

/** The codes of an error, one for each address that was tried. */
function codesOf(error: Error): string[] {
  const code = codeOf(error);
  if (!(error instanceof AggregateError)) return code === undefined ? [] : [code];
  return error.errors.map((one: unknown) => (one instanceof Error ? (codeOf(one) ?? '') : ''));
}

/** Whether this machine has no network interface but its own, or lacks even what it takes to ask. */
function isOffline(): boolean {
  return ownInterfaces()?.every(({ internal, address }) => internal || /^fe80:/i.test(address) || address.startsWith('169.254.')) ?? true;
}

/** What went wrong, without a full stop. */
export function explainError(error: Error): string {
  if (error.message !== '') return error.message;
  if (error instanceof AggregateError) {
    return error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join(', ');
  }
  return codeOf(error) ?? 'unknown error';
}
