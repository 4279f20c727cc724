import type { Diagnostic } from '../diagnostic.ts';
import { type Connection, type ConnectionType, connectionTypes } from '../connections/connection.ts';
import { type Document, type DocumentNode, entryOf, parseDocument } from '../document.ts';
import type { ProjectConfig } from '../model.ts';
import { isName, isReadable } from '../name.ts';
import { defaultWebhookSettings, type ListenAddress, type WebhookSettings } from '../triggers/webhook-trigger.ts';
import { message } from '../../wording/message.ts';
import { type ConnectionUse, readAlertReceivers, readCalledUrl } from './alert-receiver-analysis.ts';
import type { KnownNames } from './expression-scope.ts';
import { isBroken, openFile } from './file-analysis.ts';
import { httpKeys, readHttpConnection } from './http-connection-analysis.ts';
import { describe, MapReader, type MapShape, type NamedEntry, placeOf } from './map-reader.ts';
import { readDuration } from './policy-reader.ts';
import { quoted, type Report } from './report.ts';
import { readSmtpConnection, smtpKeys } from './smtp-connection-analysis.ts';
import { postgresKeys, readPostgresConnection, readSqliteConnection, sqliteKeys } from './sql-connection-analysis.ts';
import { readStore } from './store-analysis.ts';
import { TemplateReader, type TemplateSite } from './template-reader.ts';

/** What holds without a `.sluice/config.yaml`. */
export const defaultConfig: ProjectConfig = {
  durability: 'full',
  keepRunsMs: 30 * 86_400_000,
  graceMs: 20_000,
  env: [],
  webhooks: defaultWebhookSettings,
  alerts: [],
};

export interface ConfigAnalysis {
  /** Undefined if there is an error. */
  readonly value: ProjectConfig | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly document: Document;
  /** Where expressions stand or may stand. */
  readonly sites: readonly TemplateSite[];
  /** Connections that it names, which another file declares. */
  readonly connections: readonly ConnectionUse[];
}

const keys = ['durability', 'retention', 'grace', 'env', 'allowed-addresses', 'store', 'webhooks', 'metrics', 'alerts', 'heartbeat'];

/** Reads `.sluice/config.yaml`. An empty file, or one with comments only, leaves every default. */
export function analyseConfig(text: string): ConfigAnalysis {
  const document = parseDocument(text);
  const { report, root } = openFile(document, { what: 'the file', keys }, { mayBeEmpty: true });
  if (root === undefined) return { value: report.errorCount > 0 ? undefined : defaultConfig, diagnostics: report.conclude(document.root), document, sites: [], connections: [] };

  const durability = root.choice('durability', ['full', 'normal']) ?? defaultConfig.durability;
  const retention = root.map('retention', { what: "'retention'", keys: ['runs'] });
  const keepRunsMs = (retention && readDuration(retention, 'runs', 1)) ?? defaultConfig.keepRunsMs;
  const graceMs = readDuration(root, 'grace') ?? defaultConfig.graceMs;
  const env = readNames(root, 'env', 'names of environment variables', (name) => isName(name) && isReadable(name, 'field'), 'not a name of an environment variable that expressions could read');
  const allowedAddresses = readNames(root, 'allowed-addresses', 'host names, addresses and address blocks', (name) => /^[A-Za-z0-9*.:[\]_-]+(\/\d{1,3})?$/.test(name), 'neither a host name (api.example.com), an address (10.0.0.7) nor a block of them (10.0.0.0/8)');
  const templates = new TemplateReader(report, text, { steps: new Map(), inputs: new Set(), vars: undefined, secrets: undefined, env: undefined });
  const store = readStore(root, templates);
  const webhooks = readWebhooks(root);
  const metrics = readMetrics(root);
  const { receivers: alerts, connections } = readAlertReceivers(root, templates);
  const heartbeat = readCalledUrl(root, 'heartbeat', templates);

  const diagnostics = report.conclude(document.root);
  if (diagnostics.some(({ severity }) => severity === 'error')) return { value: undefined, diagnostics, document, sites: templates.sites, connections };
  const value: ProjectConfig = { durability, keepRunsMs, graceMs, env, webhooks, alerts, ...(root.has('allowed-addresses') ? { allowedAddresses } : {}), ...(store === undefined ? {} : { store }), ...(metrics === undefined ? {} : { metrics }), ...(heartbeat === undefined ? {} : { heartbeat }) };
  return { value, diagnostics, document, sites: templates.sites, connections };
}

const maxKeptDeliveries = 1_000_000;

function readWebhooks(root: MapReader): WebhookSettings {
  const reader = root.map('webhooks', { what: "'webhooks'", keys: ['listen', 'public-url', 'keep', 'keep-count'] });
  if (reader === undefined) return defaultWebhookSettings;
  const { report } = reader;
  const listen = readListen(reader, '4681');
  const publicUrl = reader.string('public-url', 'the address that senders call, such as https://hooks.example.com');
  if (publicUrl !== undefined && !/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(publicUrl)) {
    report.error('bad-value', reader.place('public-url'), message('{url} is not an address such as https://hooks.example.com, without a query.', { url: quoted(publicUrl) }));
  }
  const keepMs = readDuration(reader, 'keep', 1) ?? defaultWebhookSettings.keepMs;
  const keepCount = reader.integer('keep-count', 10, maxKeptDeliveries) ?? defaultWebhookSettings.keepCount;
  return { ...(listen === undefined ? {} : { listen }), ...(publicUrl === undefined ? {} : { publicUrl: publicUrl.replace(/\/+$/, '') }), keepMs, keepCount };
}

function readMetrics(root: MapReader): ListenAddress | undefined {
  const reader = root.map('metrics', { what: "'metrics'", keys: ['listen'] });
  reader?.require('listen');
  return reader && readListen(reader, '9464');
}

/** The key `listen`. `port`: of the examples in what is said of a wrong one. */
function readListen(reader: MapReader, port: string): ListenAddress | undefined {
  const text = reader.string('listen', `an address with a port such as "127.0.0.1:${port}"`);
  if (text === undefined) return undefined;
  const [, v6, name, given] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  if (host !== undefined && Number(given) <= 65_535) return { host, port: Number(given) };
  reader.report.error('bad-value', reader.place('listen'), message('{listen} is not an address with a port, such as 127.0.0.1:{port} or [::1]:{port}.', { listen: quoted(text), port }));
  return undefined;
}

function readNames(root: MapReader, key: string, what: string, isRight: (name: string) => boolean, otherwise: string): readonly string[] {
  const names: string[] = [];
  for (const item of root.list(key, what)) {
    const name = item.kind === 'scalar' && typeof item.value === 'string' ? item.value : undefined;
    const range = placeOf(item, root.place(key));
    if (name === undefined) root.report.error('wrong-type', range, message('{key} is a list of {what}; {given} is none.', { key: quoted(key), what, given: describe(item) }));
    else if (!isRight(name)) root.report.error('bad-value', range, message('{name} is {otherwise}.', { name: quoted(name), otherwise }));
    else names.push(name);
  }
  return names;
}

export interface ConnectionsAnalysis {
  /** By name; undefined if there is an error. */
  readonly value: ReadonlyMap<string, Connection> | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Names that the file declares, even with errors in it, and the type of each; undefined if that isn't known. */
  readonly names: ReadonlyMap<string, ConnectionType | undefined>;
  /** Whether those are all: not in a file that can't be read, or where something else is in their place. */
  readonly areNamesKnown: boolean;
  readonly document: Document;
  /** Where expressions stand or may stand. */
  readonly sites: readonly TemplateSite[];
}

const connectionShape: MapShape = { what: 'a connection', keys: [...new Set([...smtpKeys, ...httpKeys, ...postgresKeys, ...sqliteKeys])] };

/** Reads `.sluice/connections.yaml`. `secrets`: the names that are set; left out, any will do. */
export function analyseConnections(text: string, secrets?: Iterable<string>): ConnectionsAnalysis {
  const document = parseDocument(text);
  const { report, root } = openFile(document, { what: 'the file', keys: ['connections'] }, { mayBeEmpty: true });
  if (root === undefined) return { value: report.errorCount > 0 ? undefined : new Map(), diagnostics: report.conclude(document.root), names: new Map(), areNamesKnown: !isBroken(document), document, sites: [] };
  root.require('connections');
  const names: KnownNames = { steps: new Map(), inputs: new Set(), vars: undefined, secrets: secrets && new Set(secrets), env: undefined };
  const templates = new TemplateReader(report, text, names);
  const connections = new Map<string, Connection>();
  const entries = root.named('connections', 'connections', 'none', connectionShape);
  for (const entry of entries) {
    const connection = readConnection(report, entry, templates);
    if (connection !== undefined) connections.set(entry.key, connection);
  }
  const diagnostics = report.conclude(document.root);
  const hasError = diagnostics.some(breaksSettings);
  return { value: hasError ? undefined : connections, diagnostics, names: new Map(entries.map(({ key, value }) => [key, typeOf(value)])), areNamesKnown: !isBroken(document) && !root.isUncertain('connections') && !root.hasUnknownKeys, document, sites: templates.sites };
}

/**
 * Whether a file of settings can't be used. A secret that isn't set is missing to those who need it, and takes no other connection away; so is a connection that receivers of alerts name,
 * and it keeps no other setting from holding.
 */
export function breaksSettings({ severity, code }: { readonly severity: string; readonly code: string }): boolean {
  return severity === 'error' && code !== 'unknown-secret' && code !== 'unknown-connection';
}

function readConnection(report: Report, { key: name, keyRange, value, isDoubtful }: NamedEntry, templates: TemplateReader): Connection | undefined {
  if (isDoubtful === true) return undefined;
  const type = typeOf(value);
  if (type === 'http') {
    const reader = MapReader.open(report, value, keyRange, { what: 'an HTTP connection', keys: httpKeys });
    return reader && readHttpConnection(name, reader, templates);
  }
  if (type === 'postgres') {
    const reader = MapReader.open(report, value, keyRange, { what: 'a Postgres connection', keys: postgresKeys });
    return reader && readPostgresConnection(name, reader, templates);
  }
  if (type === 'sqlite') {
    const reader = MapReader.open(report, value, keyRange, { what: 'a SQLite connection', keys: sqliteKeys });
    return reader && readSqliteConnection(name, reader);
  }
  const reader = MapReader.open(report, value, keyRange, { what: type === 'smtp' ? 'an SMTP connection' : 'a connection', keys: smtpKeys });
  reader?.choice('type', connectionTypes);
  return reader && readSmtpConnection(name, reader, templates);
}

/** As far as it can be told: what says `url` is meant as HTTP, unless it is a URL of Postgres. */
function typeOf(node: DocumentNode): ConnectionType | undefined {
  const type = entryOf(node, 'type')?.value;
  const named = connectionTypes.find((one) => type?.kind === 'scalar' && type.value === one);
  if (named !== undefined || type !== undefined) return named;
  const url = entryOf(node, 'url')?.value;
  if (url?.kind === 'scalar' && /^postgres(?:ql)?:/.test(String(url.value))) return 'postgres';
  return url === undefined ? undefined : 'http';
}
