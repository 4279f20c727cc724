import type { Json, JsonObject } from '../json.ts';
import type { ActionDefinition } from './action-definition.ts';

/** Rows of an answer, unless its step says otherwise, and at most; and bytes of them as JSON. */
export const sqlDefaults = { maxRows: 10_000, mostRows: 1_000_000, maxBytes: 4_194_304, mostBytes: 67_108_864 } as const;
/** Longest statement, in characters. */
export const maxQuery = 65_536;

/** `sql/query`: one statement for a Postgres or SQLite database. Secrets may be in its values, and nowhere else. */
export const sqlQuery: ActionDefinition = {
  name: 'sql/query',
  summary: 'Runs one SQL statement on a Postgres or SQLite database, and returns its rows.',
  connection: ['postgres', 'sqlite'],
  code: 'query',
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['connection', 'query'],
    properties: {
      connection: {
        type: 'string',
        minLength: 1,
        description: 'The name of a connection of the type `postgres` or `sqlite` in `.sluice/connections.yaml`.',
        examples: ['db'],
      },
      query: {
        type: 'string',
        minLength: 1,
        maxLength: maxQuery,
        description:
          'One SQL statement. Expressions are not allowed in it, because a value that is put into code becomes code: values are in `params`, and their places are `$1`, `$2`, or names such as `:email`. ' +
          'It runs in a transaction of its own, so `BEGIN`, `SET` and their like are refused.',
        examples: ['select id, email from people where country = $1 order by id'],
      },
      params: {
        description:
          'The values: a list for `$1`, `$2`, …, or a map for `:name`. For Postgres a list is an array and a map is JSON; for SQLite both are JSON. Where a statement writes, `job.key` is a value that is the same in all attempts of a job.',
        examples: [['${{ inputs.country }}'], { id: '${{ item.id }}', key: '${{ job.key }}' }],
        anyOf: [{ type: 'array', maxItems: 1000 }, { type: 'object', propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' } }],
        'x-secret': true,
      },
      write: {
        type: 'boolean',
        default: false,
        description:
          'Whether the statement may change the database. Without it, the transaction is read-only. A statement that is repeated after a crash, or after its connection was lost, may have taken effect already: write it so that twice is the same as once, as `insert … on conflict do nothing` with a unique column for `job.key`.',
      },
      'max-rows': {
        type: 'integer',
        minimum: 1,
        maximum: sqlDefaults.mostRows,
        default: sqlDefaults.maxRows,
        description: 'The largest number of rows. With `max-rows`, further rows are left out, `truncated` says so, and the attempt has a warning. Without it, more than 10,000 rows fail the job, so that none is lost without a word.',
      },
      'max-bytes': {
        type: 'integer',
        minimum: 1024,
        maximum: sqlDefaults.mostBytes,
        default: sqlDefaults.maxBytes,
        description: "The largest size of the rows, in bytes of JSON (4 MiB; at most 64 MiB). More fail the job, and it isn't retried; a statement that writes is rolled back.",
      },
    },
  },
  output: {
    type: 'object',
    additionalProperties: false,
    required: ['rows', 'count', 'columns', 'truncated'],
    properties: {
      rows: {
        type: 'array',
        items: { type: 'object' },
        description:
          'The rows, as maps by column. A number is a number if it is exactly that one, and otherwise text with all of its digits (`9007199254740993`, `0.12345678901234567890`); a date or time is ISO 8601 text, bytes are base64, JSON is its value, an array is a list. Of SQLite, which has no such types, it is what is stored.',
      },
      count: { type: 'integer', description: 'How many rows there are in `rows`, or how many the statement has changed if it gives none.', examples: [2] },
      columns: { type: 'array', items: { type: 'string' }, description: 'The names of the columns, in their order.' },
      truncated: { type: 'boolean', description: 'Whether there were more rows than `max-rows`.' },
    },
  },
};

/** What the input schema admits. */
export interface SqlQueryInput {
  readonly connection: string;
  readonly query: string;
  readonly params?: readonly Json[] | JsonObject;
  readonly write?: boolean;
  readonly 'max-rows'?: number;
  readonly 'max-bytes'?: number;
}
