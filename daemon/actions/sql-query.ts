import { message, verbatim, type Message } from '../../schemas/wording/message.ts';
import { told } from '../../schemas/wording/told.ts';
import { sqlDefaults, sqlQuery, type SqlQueryInput } from '../../schemas/workflow/actions/sql-query.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import { bindStatement, parameterProblem, statementProblem } from '../../schemas/workflow/sql/sql-statement.ts';
import { messageOfError } from '../../schemas/protocol/error.ts';
import type { Clock } from '../core/clock.ts';
import { MachineTroubleError } from '../core/machine-trouble.ts';
import { abortedAttempt, type Action, type ActionContext, type ActionFailure, type ActionResult, type FailureDetails, inputValidator, invalidInput, type ResolvedPostgresConnection, type ResolvedSqliteConnection } from './action.ts';
import type { AddressGuard } from './address-guard.ts';
import { largeBodyBytes } from './body-process.ts';
import { postgresFailure } from './sql/postgres-failure.ts';
import { PostgresPools } from './sql/postgres-pool.ts';
import { runOnPostgres } from './sql/postgres-statement.ts';
import type { SqlAnswer, SqlOrder } from './sql/sql-answer.ts';
import { Sqlite } from './sql/sqlite.ts';

/** How much of a statement and of its values an attempt's record keeps, in characters. */
const maxRecorded = 4096;

const validate = inputValidator<SqlQueryInput>(sqlQuery);

/**
 * `sql/query`: one statement, in a transaction of its own.
 *
 * Whether a transaction was committed can't be known where the connection is lost while it is, and where the process dies before it has noted the outcome: the next attempt
 * then does it again. `job.key` is what a statement can tell that by.
 */
export class SqlQueryAction implements Action {
  readonly definition = sqlQuery;
  readonly #clock: Clock;
  readonly #postgres: PostgresPools;
  readonly #sqlite: Sqlite;

  constructor(guard: AddressGuard, clock: Clock) {
    this.#clock = clock;
    this.#postgres = new PostgresPools(guard);
    this.#sqlite = new Sqlite(clock);
  }

  /** Of the processes that run statements on SQLite. */
  get pids(): readonly number[] {
    return this.#sqlite.pids;
  }

  async execute(given: JsonObject, context: ActionContext): Promise<ActionResult> {
    const valid = validate(given);
    if (!valid.ok) return valid.failure;
    const { input } = valid;
    const connection = connectionOf(input, context);
    if ('ok' in connection) return connection;
    const { query, params, write = false } = input;
    const problem = statementProblem(query, write) ?? parameterProblem(query, params, connection.type);
    if (problem !== undefined) return invalidInput('invalid statement', message('sql/query: {problem}', { problem: problem.message }));
    const bounds = { maxRows: input['max-rows'] ?? sqlDefaults.maxRows, maxBytes: input['max-bytes'] ?? sqlDefaults.maxBytes, mayCut: input['max-rows'] !== undefined };
    const order: SqlOrder = { ...bindStatement(query, params, connection.type), write, bounds };
    const request = requestRecord(input);
    const answer = connection.type === 'postgres' ? await this.#onPostgres(connection, order, query, context, { request }) : await this.#sqlite.run(connection, order, context, { request });
    return 'ok' in answer ? answer : resultOf(answer, order, connection, context, { request });
  }

  async stop(): Promise<void> {
    this.#postgres.stop();
    this.#sqlite.stop();
  }

  async #onPostgres(connection: ResolvedPostgresConnection, order: SqlOrder, query: string, context: ActionContext, details: FailureDetails): Promise<SqlAnswer | ActionFailure> {
    let peer = connection.name;
    try {
      const pool = await this.#postgres.get(connection);
      if ('problem' in pool) return invalidInput('invalid connection', message('The connection {name}: {problem}', { name: JSON.stringify(connection.name), problem: pool.problem }), details);
      peer = pool.peer;
      return await runOnPostgres(pool, order, context, this.#clock);
    } catch (error) {
      if (context.signal.aborted) return abortedAttempt(context.signal, details);
      if (!(error instanceof Error) || error instanceof MachineTroubleError) throw error;
      return postgresFailure(error, { peer, query, text: order.text, write: order.write }, context, details);
    }
  }
}

function connectionOf({ connection: name }: SqlQueryInput, context: ActionContext): ResolvedPostgresConnection | ResolvedSqliteConnection | ActionFailure {
  const connection = context.connection(name);
  if (connection === undefined) return invalidInput('unknown connection', message('.sluice/connections.yaml has no connection {name}.', { name: JSON.stringify(name) }));
  if (connection.type === 'postgres' || connection.type === 'sqlite') return connection;
  return invalidInput('unknown connection', message('The connection {name} is of the type {type}; sql/query takes one of the type postgres or sqlite.', { name: JSON.stringify(name), type: connection.type }));
}

async function resultOf(answer: SqlAnswer, { write, bounds }: SqlOrder, { name }: { readonly name: string }, context: ActionContext, details: FailureDetails): Promise<ActionResult> {
  const refused = (cause: string, text: Message): ActionFailure => invalidInput(cause, text, details);
  switch (answer.kind) {
    case 'repeated':
      return refused('column twice', message('Two columns are called {column}, and a row can keep only one of them: name one of them with {code}.', { column: JSON.stringify(answer.column), code: '`AS`' }));
    case 'full':
      return refused('too many rows', message('There are more than {max} rows. If some of them are enough, say how many: {code}.', { max: String(bounds.maxRows), code: '`max-rows`' }));
    case 'large':
      return refused('answer too large', message('The rows have more than {max} bytes, which is {code}: ask for fewer columns or rows.', { max: String(bounds.maxBytes), code: '`max-bytes`' }));
    case 'rows':
      break;
  }
  const { rows, count, columns, truncated } = answer;
  const rest = { count, columns, truncated };
  const warning = truncated ? { warning: told(message('{count, plural, one {There are more rows than `max-rows` allows: # was taken.} other {There are more rows than `max-rows` allows: # were taken.}}', { count })).message } : {};
  if (rows.length <= largeBodyBytes) return { ok: true, output: { rows: JSON.parse(rows.toString()) as Json, ...rest }, ...details, ...warning };
  try {
    const { json } = await context.encodeLargeBody(rest, { bytes: rows, headers: { 'content-type': 'application/json' }, host: name, field: 'rows' });
    return { ok: true, output: rest, encodedOutput: json, ...details, ...warning };
  } catch (error) {
    if (context.signal.aborted) return abortedAttempt(context.signal, { ...details, ...(write ? { effectStands: true } : {}) });
    // What changes nothing is done again when the machine has what it lacks.
    if (error instanceof MachineTroubleError && !write) throw error;
    return invalidInput('answer too large', verbatim(`${messageOfError(error)}.`), { ...details, ...(write ? { effectStands: true } : {}) });
  }
}

function requestRecord({ connection, query, params, write }: SqlQueryInput): JsonObject {
  const values = params === undefined ? '' : JSON.stringify(params);
  return {
    connection,
    query: query.slice(0, maxRecorded),
    ...(params === undefined ? {} : { params: values.length <= maxRecorded ? params : `${values.slice(0, maxRecorded)}…` }),
    ...(write === true ? { write } : {}),
  };
}
