import { message } from '../../wording/message.ts';
import type { PostgresConnection, SqliteConnection } from '../connections/connection.ts';
import { postgresUrlProblem } from '../sql/postgres-url.ts';
import { limitKeys, readConnectionLimits } from './connection-limits.ts';
import type { MapReader } from './map-reader.ts';
import { readDuration } from './policy-reader.ts';
import { readSecretText } from './secret-reader.ts';
import { defaultPool, leavesFolder, maxPool, readAuthorityFile } from './smtp-connection-analysis.ts';
import type { TemplateReader } from './template-reader.ts';

export const postgresKeys = ['type', 'url', 'ca', 'pool', 'timeout', ...limitKeys];
export const sqliteKeys = ['type', 'file', 'timeout', ...limitKeys];

export function readPostgresConnection(name: string, reader: MapReader, templates: TemplateReader): PostgresConnection {
  const { report } = reader;
  reader.require('type', 'url');
  // A URL without a password says nothing that nobody may know.
  const url = readSecretText(reader, 'url', templates, { isSecret: false });
  if (url?.kind === 'literal' && typeof url.value === 'string') {
    const problem = postgresUrlProblem(url.value);
    if (problem !== undefined) report.error('bad-value', reader.place('url'), problem);
    else if (/^[^/]*\/\/[^/@]*:[^/@]+@/.test(url.value)) report.warning('bad-value', reader.place('url'), message("The password is in the file, where everyone who reads the project sees it. Write {code}, and keep the whole URL in that secret.", { code: '${{ secrets.DB_URL }}' }));
  }
  const ca = readAuthorityFile(reader);
  const pool = reader.integer('pool', 1, maxPool) ?? defaultPool;
  const timeoutMs = readDuration(reader, 'timeout', 1);
  return { name, type: 'postgres', url: url ?? { kind: 'literal', value: '' }, pool, ...(ca === undefined ? {} : { ca }), ...(timeoutMs === undefined ? {} : { timeoutMs }), ...readConnectionLimits(reader) };
}

export function readSqliteConnection(name: string, reader: MapReader): SqliteConnection {
  reader.require('type', 'file');
  const file = reader.string('file', "a SQLite database, named relative to the project's folder");
  if (file !== undefined && leavesFolder(file)) reader.report.error('bad-value', reader.place('file'), message("'file' is within the project's folder, and named relative to it, such as data/app.db."));
  const timeoutMs = readDuration(reader, 'timeout', 1);
  return { name, type: 'sqlite', file: file ?? '', ...(timeoutMs === undefined ? {} : { timeoutMs }), ...readConnectionLimits(reader) };
}
