import { DatabaseError } from 'pg';
import { message, sentences } from '../../../schemas/wording/message.ts';
import { type ActionContext, type ActionFailure, attemptError, type FailureDetails, invalidInput } from '../action.ts';
import { codePlace } from '../code-place.ts';
import { networkFailure } from '../network-failure.ts';

export interface PostgresAttempt {
  /** `db.example.com:5432` */
  readonly peer: string;
  readonly query: string;
  /** What was sent for it, with as many lines. */
  readonly text: string;
  readonly write: boolean;
}

/**
 * Classes of SQLSTATE by which the server, and not the statement, is at fault: no connection, no resources, an operator, its disk. Then, of others: transactions that were in
 * each other's way (serialisation, deadlock), a lock that wasn't given in time, a server that becomes or ends being a standby.
 */
const passingClasses: ReadonlySet<string> = new Set(['08', '53', '57', '58', 'XX']);
const passing: ReadonlySet<string> = new Set(['40001', '40P01', '55P03', '25P03', '25P04']);

/** In words that dead letters can be grouped by. */
const causes: Readonly<Record<string, string>> = {
  '23502': 'not-null violation',
  '23503': 'foreign key violation',
  '23505': 'unique violation',
  '23514': 'check violation',
  '28000': 'login refused',
  '28P01': 'login refused',
  '3D000': 'no such database',
  '40001': 'serialization failure',
  '40P01': 'deadlock',
  '42501': 'permission denied',
  '42601': 'syntax error',
  '42703': 'no such column',
  '42P01': 'no such table',
  '53300': 'too many connections',
  '55P03': 'lock timeout',
};

/** What the driver or the server says, as a failure. `network`: the same again may succeed. */
export function postgresFailure(error: Error, attempt: PostgresAttempt, context: Pick<ActionContext, 'code'>, details: FailureDetails): ActionFailure {
  if (!(error instanceof DatabaseError) || error.code === undefined) {
    if (/does not support SSL/.test(error.message)) return invalidInput('no TLS', message('{peer} offers no encryption. Say `sslmode=disable` in the URL if that is right.', { peer: attempt.peer }), details);
    return networkFailure(error, attempt.peer, details);
  }
  const { code, detail = '', hint = '' } = error;
  const cause = `${code} ${causes[code] ?? ''}`.trim();
  const said = sentences(message('{peer} says: {problem} ({code}).', { peer: attempt.peer, problem: error.message, code }), detail === '' ? undefined : message('{detail}', { detail: ended(detail) }), hint === '' ? undefined : message('{hint}', { hint: ended(hint) }));
  // Of the limit that it was given; an administrator's cancel is the same to it.
  if (code === '57014') return { ok: false, error: attemptError('timeout', 'statement timeout', message('{peer} has ended the statement, because it took too long.', { peer: attempt.peer })), ...details };
  if (code === '25006' && !attempt.write) return invalidInput('read-only', sentences(said, message('If it is meant to change the database, say {code}.', { code: '`write: true`' })), details);
  if (passingClasses.has(code.slice(0, 2)) || passing.has(code) || code === '25006') return { ok: false, error: attemptError('network', cause, said), ...details };
  const { position } = error;
  const line = position === undefined ? undefined : attempt.text.slice(0, Number(position)).split('\n').length;
  return invalidInput(cause, sentences(said, codePlace(attempt.query, line, context)), details);
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
