import { message } from '../../wording/message.ts';
import type { SmtpConnection } from '../connections/connection.ts';
import { limitKeys, readConnectionLimits } from './connection-limits.ts';
import type { MapReader } from './map-reader.ts';
import { readSecretText } from './secret-reader.ts';
import type { TemplateReader } from './template-reader.ts';

export const smtpKeys = ['type', 'host', 'port', 'tls', 'user', 'password', 'from', 'ca', 'pool', 'max-messages', ...limitKeys];

/** The submission ports of RFC 8314, and plain SMTP. */
const defaultPorts = { tls: 465, starttls: 587, none: 25 } as const;

export const defaultPool = 5;
export const maxPool = 100;
export const defaultMaxMessages = 100;
export const maxMaxMessages = 100_000;

export function readSmtpConnection(name: string, reader: MapReader, templates: TemplateReader): SmtpConnection {
  const { report, at } = reader;
  reader.require('type', 'host');
  const host = reader.string('host', 'the name or address of a server');
  if (host !== undefined && !/^[^\s/@]+$/.test(host)) {
    report.error('bad-value', reader.place('host'), message("'host' is the name or address of a server alone, such as smtp.example.com: the port is in 'port', the user in 'user'."));
  }
  const port = reader.integer('port', 1, 65_535);
  const tls = reader.choice('tls', ['tls', 'starttls', 'none']) ?? (port === 465 ? 'tls' : 'starttls');
  const user = reader.string('user', 'a name');
  const password = readSecretText(reader, 'password', templates);
  if (reader.has('password') && !reader.has('user')) report.error('missing-key', reader.entry('password')?.keyRange ?? at, message("'password' needs 'user' beside it."));
  if (tls === 'none' && reader.has('password')) report.warning('bad-value', reader.place('tls'), message("With 'tls: none' the password goes over the network in plain text. Use starttls or tls unless the server is this machine."), ['starttls', 'tls']);
  const from = reader.string('from', 'an address such as "News <news@example.com>"');
  const ca = readAuthorityFile(reader);
  if (ca !== undefined && tls === 'none') report.error('conflicting-keys', reader.entry('ca')?.keyRange ?? at, message("'ca' is for an encrypted connection: it needs 'tls: starttls' or 'tls: tls'."));
  const pool = reader.integer('pool', 1, maxPool) ?? defaultPool;
  const maxMessages = reader.integer('max-messages', 1, maxMaxMessages) ?? defaultMaxMessages;
  return {
    name,
    type: 'smtp',
    host: host ?? '',
    port: port ?? defaultPorts[tls],
    tls,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(from === undefined ? {} : { from }),
    ...(ca === undefined ? {} : { ca }),
    pool,
    maxMessages,
    ...readConnectionLimits(reader),
  };
}

/** The key `ca`. */
export function readAuthorityFile(reader: MapReader): string | undefined {
  const ca = reader.string('ca', 'a PEM file, named relative to the project\'s folder');
  if (ca !== undefined && leavesFolder(ca)) {
    reader.report.error('bad-value', reader.place('ca'), message("'ca' is a file within the project's folder, named relative to it, such as certs/internal-ca.pem. For one elsewhere, set NODE_EXTRA_CA_CERTS where the daemon is started."));
  }
  return ca;
}

/** Whether a path says itself that it isn't within the project's folder. */
export function leavesFolder(path: string): boolean {
  return /^(?:[/\\]|[A-Za-z]:)|(?:^|[/\\])\.\.(?:[/\\]|$)/.test(path);
}
