import { message, type Message } from '../../wording/message.ts';
import { isJsonObject, type Json } from '../json.ts';
import { nearestName } from '../nearest-name.ts';
import { readSql, type SqlParameter } from './sql-text.ts';

/**
 * Rules of `sql/query` that a JSON Schema can't say. The editor and the action apply the same ones.
 */

export type SqlDialect = 'postgres' | 'sqlite';

export interface SqlProblem {
  readonly message: Message;
  /** In the query, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** What was probably meant there. */
  readonly suggestion?: string;
}

/** What would end the transaction that a statement is given, outlast it on a connection that others use too, or reach beyond the database. */
const refused: ReadonlyMap<string, Message> = new Map([
  ...['BEGIN', 'START', 'COMMIT', 'END', 'ROLLBACK', 'ABORT', 'SAVEPOINT', 'RELEASE'].map((verb) => [verb, message('{verb} is not run: each statement has a transaction of its own.', { verb })] as const),
  ...['SET', 'RESET', 'DISCARD', 'PREPARE', 'EXECUTE', 'DEALLOCATE', 'LISTEN', 'UNLISTEN', 'DECLARE', 'FETCH', 'MOVE', 'CLOSE', 'LOAD', 'PRAGMA'].map(
    (verb) => [verb, message('{verb} is not run: a connection is used by many jobs, and what is set on it would hold for others.', { verb })] as const,
  ),
  ...['ATTACH', 'DETACH', 'COPY', 'VACUUM'].map((verb) => [verb, message('{verb} is not run: it reads or writes other files than the database.', { verb })] as const),
]);

const writing: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE', 'TRUNCATE', 'CREATE', 'ALTER', 'DROP', 'GRANT', 'REVOKE', 'COMMENT', 'REFRESH', 'REINDEX', 'ANALYZE', 'CLUSTER', 'CALL', 'DO', 'LOCK']);

/** Why a statement can't be run, whatever its values are. `mayWrite`: what `write` says; undefined if that isn't known. */
export function statementProblem(query: string, mayWrite: boolean | undefined): SqlProblem | undefined {
  const { verb, start, second, open } = readSql(query);
  const atVerb = { start, end: start + Math.max(1, verb.length) };
  if (open !== undefined) return { message: message('What begins here has no end: a quote or a comment is open.'), start: open, end: open + 1 };
  if (verb === '') return { message: message('There is no statement.'), start: 0, end: 1 };
  if (second !== undefined) return { message: message('Only one statement is run: a second one begins here. Give it a step of its own.'), start: second, end: second + 1 };
  const told = refused.get(verb);
  if (told !== undefined) return { message: told, ...atVerb };
  // Whatever the verb doesn't say, the database refuses.
  if (mayWrite === false && writing.has(verb)) return { message: message("{verb} changes the database: say {code} if that is meant.", { verb, code: 'write: true' }), ...atVerb };
  return undefined;
}

/** Why these values don't fit the places for them. `params`: as in `with`; of what isn't known, `names` or the count only. */
export function parameterProblem(query: string, params: Json | undefined, dialect?: SqlDialect): SqlProblem | undefined {
  const parameters = parametersOf(readSql(query).parameters, dialect);
  if (params !== undefined && params !== null && !Array.isArray(params) && isJsonObject(params)) return namedProblem(parameters, Object.keys(params));
  const count = Array.isArray(params) ? params.length : 0;
  const [first] = parameters;
  if (first === undefined) return count === 0 ? undefined : { message: message("The query has no place for a value: write {code} where one goes.", { code: '$1' }), start: 0, end: 1 };
  if (first.sign === ':') return { message: message("'params' must be a map with {name}, since the query names its values.", { name: `\`${first.name}\`` }), ...first };
  const beyond = numbered(parameters).find(({ index }) => index > count || index < 1);
  if (beyond !== undefined) {
    const { start, end } = beyond;
    const told = message("{count, plural, one {There is no value for {place}: 'params' has # value.} other {There is no value for {place}: 'params' has # values.}}", { count, place: query.slice(start, end) });
    return { message: told, start, end };
  }
  const used = new Set(numbered(parameters).map(({ index }) => index));
  const unused = Array.from({ length: count }, (_, index) => index + 1).find((index) => !used.has(index));
  return unused === undefined ? undefined : { message: message("The query has no place for value {index} of 'params': write {code} where it goes.", { index: String(unused), code: `$${unused}` }), start: 0, end: 1 };
}

function namedProblem(parameters: readonly SqlParameter[], names: readonly string[]): SqlProblem | undefined {
  for (const { sign, name, start, end } of parameters) {
    if (sign !== ':') return { message: message("'params' is a map, so a place for a value has a name: write {code}.", { code: `:${names[0] ?? 'name'}` }), start, end };
    if (names.includes(name)) continue;
    const nearest = nearestName(name, names);
    if (nearest === undefined) return { message: message("'params' has no {name}.", { name: `\`${name}\`` }), start, end };
    return { message: message("'params' has no {name}. Did you mean {nearest}?", { name: `\`${name}\``, nearest: `\`${nearest}\`` }), start: start + 1, end, suggestion: nearest };
  }
  const unused = names.find((name) => parameters.every((one) => one.name !== name));
  return unused === undefined ? undefined : { message: message("The query has no place for {name} of 'params': write {code} where it goes.", { name: `\`${unused}\``, code: `:${unused}` }), start: 0, end: 1 };
}

export interface BoundStatement {
  readonly text: string;
  /** In the order of `$1`, `$2`, … of Postgres, `:p1`, `:p2`, … of SQLite. */
  readonly values: readonly Json[];
}

/** The statement as a driver takes it: names become numbers. Its problems have been looked for. */
export function bindStatement(query: string, params: Json | undefined, dialect: SqlDialect): BoundStatement {
  const parameters = parametersOf(readSql(query).parameters, dialect);
  const isNamed = params !== undefined && params !== null && !Array.isArray(params) && isJsonObject(params);
  const names = isNamed ? Object.keys(params) : [];
  const sign = dialect === 'postgres' ? '$' : ':p';
  let text = '';
  let end = 0;
  for (const { start, end: next, name, index } of numbered(parameters)) {
    text += `${query.slice(end, start)}${sign}${isNamed ? names.indexOf(name) + 1 : index}`;
    end = next;
  }
  return { text: text + query.slice(end), values: isNamed ? Object.values(params) : Array.isArray(params) ? (params as readonly Json[]) : [] };
}

/** `?` is an operator of Postgres. */
function parametersOf(found: readonly SqlParameter[], dialect: SqlDialect | undefined): readonly SqlParameter[] {
  const isPostgres = dialect === 'postgres' || (dialect === undefined && found.some(({ sign }) => sign !== '?'));
  return isPostgres ? found.filter(({ sign }) => sign !== '?') : found;
}

/** A `?` alone is the one after the greatest number before it, as in SQLite. */
function numbered(parameters: readonly SqlParameter[]): readonly (SqlParameter & { readonly index: number })[] {
  let greatest = 0;
  return parameters.map((one) => {
    const index = one.sign === '?' && one.name === '' ? greatest + 1 : Number(one.name);
    greatest = Math.max(greatest, Number.isNaN(index) ? 0 : index);
    return { ...one, index };
  });
}
