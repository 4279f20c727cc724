import { message, sentences } from '../../../schemas/wording/message.ts';
import { type ActionFailure, attemptError, type FailureDetails, invalidInput } from '../action.ts';
import type { SqliteReply } from './sqlite-task.ts';

/** Another program has the file, or the disk is at fault (SQLITE_BUSY, LOCKED, IOERR, FULL, CANTOPEN, PROTOCOL): the same again may succeed. */
const passing: Readonly<Record<number, string>> = { 5: 'database is locked', 6: 'database is locked', 10: 'disk error', 13: 'disk is full', 14: 'cannot open', 15: 'database is locked' };
const causes: Readonly<Record<number, string>> = { 1: 'SQL error', 7: 'out of memory', 11: 'database is damaged', 19: 'constraint violation', 26: 'not a database' };

/** What SQLite says, as a failure. `file`: as the connection names it. */
export function sqliteFailure({ result, text }: Extract<SqliteReply, { kind: 'failed' }>, file: string, write: boolean, details: FailureDetails): ActionFailure {
  // The lower byte says what it is, the rest what kind of that.
  const code = result < 0 ? result : result & 0xff;
  const said = message('SQLite says of {file}: {problem}.', { file: JSON.stringify(file), problem: text });
  if (code === 8 && !write) return invalidInput('read-only', sentences(said, message('If it is meant to change the database, say {code}.', { code: '`write: true`' })), details);
  const cause = passing[code];
  if (cause !== undefined) return { ok: false, error: attemptError('network', cause, said), ...details };
  return invalidInput(causes[code] ?? (code < 0 ? 'SQL error' : `SQLite ${code}`), said, details);
}
