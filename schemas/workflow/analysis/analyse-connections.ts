import type { Diagnostic } from '../diagnostic.ts';
import { type Document, parseDocument } from '../document.ts';
import type { ProjectConfig, SmtpConnection } from '../model.ts';
import { isName, isReadable } from '../name.ts';
import { defaultWebhookSettings, type WebhookSettings } from '../triggers/webhook-trigger.ts';
import type { Template } from '../template.ts';
import { message } from '../../wording/message.ts';
import type { ExpressionPlace, KnownNames } from './expression-scope.ts';
import { isBroken, openFile } from './file-analysis.ts';
import { describe, MapReader, type MapShape, type NamedEntry, placeOf } from './map-reader.ts';
import { readDuration } from './policy-reader.ts';
import { warnNotSupported } from './queue-analysis.ts';
import { quoted, type Report } from './report.ts';
import { TemplateReader, type TemplateSite } from './template-reader.ts';

/** What holds without a `.sluice/config.yaml`. */
export const defaultConfig: ProjectConfig = {
  durability: 'full',
  keepRunsMs: 30 * 86_400_000,
  graceMs: 20_000,
  env: [],
  webhooks: defaultWebhookSettings,
};

export interface ConfigAnalysis {
  /** Undefined if there is an error. */
  readonly value: ProjectConfig | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly document: Document;
}

const keys = ['durability', 'retention', 'grace', 'env', 'allowed-addresses', 'store', 'webhooks'];

/** Reads `.sluice/config.yaml`. An empty file, or one with comments only, leaves every default. */
export function analyseConfig(text: string): ConfigAnalysis {
  const document = parseDocument(text);
  const { report, root } = openFile(document, { what: 'the file', keys }, { mayBeEmpty: true });
  if (root === undefined) return { value: report.errorCount > 0 ? undefined : defaultConfig, diagnostics: report.conclude(document.root), document };

  const durability = root.choice('durability', ['full', 'normal']) ?? defaultConfig.durability;
  const retention = root.map('retention', { what: "'retention'", keys: ['runs'] });
  const keepRunsMs = (retention && readDuration(retention, 'runs', 1)) ?? defaultConfig.keepRunsMs;
  const graceMs = readDuration(root, 'grace') ?? defaultConfig.graceMs;
  const env = readNames(root, 'env', 'names of environment variables', (name) => isName(name) && isReadable(name, 'field'), 'not a name of an environment variable that expressions could read');
  const allowedAddresses = readNames(root, 'allowed-addresses', 'host names, addresses and address blocks', (name) => /^[A-Za-z0-9*.:[\]_-]+(\/\d{1,3})?$/.test(name), 'neither a host name (api.example.com), an address (10.0.0.7) nor a block of them (10.0.0.0/8)');
  warnNotSupported(root, 'store', message('The embedded store is used.'));
  const webhooks = readWebhooks(root);

  const diagnostics = report.conclude(document.root);
  if (diagnostics.some(({ severity }) => severity === 'error')) return { value: undefined, diagnostics, document };
  const value: ProjectConfig = { durability, keepRunsMs, graceMs, env, webhooks, ...(root.has('allowed-addresses') ? { allowedAddresses } : {}) };
  return { value, diagnostics, document };
}

const maxKeptDeliveries = 1_000_000;

function readWebhooks(root: MapReader): WebhookSettings {
  const reader = root.map('webhooks', { what: "'webhooks'", keys: ['listen', 'public-url', 'keep', 'keep-count'] });
  if (reader === undefined) return defaultWebhookSettings;
  const { report } = reader;
  const listenText = reader.string('listen', 'an address with a port such as "127.0.0.1:4681"');
  const listen = listenText === undefined ? undefined : parseListen(listenText);
  if (listenText !== undefined && listen === undefined) report.error('bad-value', reader.place('listen'), message("{listen} is not an address with a port, such as 127.0.0.1:4681 or [::1]:4681.", { listen: quoted(listenText) }));
  const publicUrl = reader.string('public-url', 'the address that senders call, such as https://hooks.example.com');
  if (publicUrl !== undefined && !/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(publicUrl)) {
    report.error('bad-value', reader.place('public-url'), message('{url} is not an address such as https://hooks.example.com, without a query.', { url: quoted(publicUrl) }));
  }
  const keepMs = readDuration(reader, 'keep', 1) ?? defaultWebhookSettings.keepMs;
  const keepCount = reader.integer('keep-count', 10, maxKeptDeliveries) ?? defaultWebhookSettings.keepCount;
  return { ...(listen === undefined ? {} : { listen }), ...(publicUrl === undefined ? {} : { publicUrl: publicUrl.replace(/\/+$/, '') }), keepMs, keepCount };
}

function parseListen(text: string): WebhookSettings['listen'] {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const [, v6, name, port] = found ?? [];
  const host = v6 ?? name;
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
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
  readonly value: ReadonlyMap<string, SmtpConnection> | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Names that the file declares, even with errors in it. */
  readonly names: readonly string[];
  /** Whether those are all: not in a file that can't be read, or where something else is in their place. */
  readonly areNamesKnown: boolean;
  readonly document: Document;
  /** Where expressions stand or may stand. */
  readonly sites: readonly TemplateSite[];
}

const connectionShape: MapShape = { what: 'a connection', keys: ['type', 'host', 'port', 'tls', 'user', 'password', 'from', 'ca', 'pool', 'max-messages'] };

/** The submission ports of RFC 8314, and plain SMTP. */
const defaultPorts = { tls: 465, starttls: 587, none: 25 } as const;

export const defaultPool = 5;
export const maxPool = 100;
export const defaultMaxMessages = 100;
export const maxMaxMessages = 100_000;

/** Reads `.sluice/connections.yaml`. `secrets`: the names that are set; left out, any will do. */
export function analyseConnections(text: string, secrets?: Iterable<string>): ConnectionsAnalysis {
  const document = parseDocument(text);
  const { report, root } = openFile(document, { what: 'the file', keys: ['connections'] }, { mayBeEmpty: true });
  if (root === undefined) return { value: report.errorCount > 0 ? undefined : new Map(), diagnostics: report.conclude(document.root), names: [], areNamesKnown: !isBroken(document), document, sites: [] };
  root.require('connections');
  const names: KnownNames = { steps: new Map(), inputs: new Set(), vars: undefined, secrets: secrets && new Set(secrets), env: undefined };
  const templates = new TemplateReader(report, text, names);
  const connections = new Map<string, SmtpConnection>();
  const entries = root.named('connections', 'connections', 'none', connectionShape);
  for (const entry of entries) {
    const connection = readConnection(report, entry, templates);
    if (connection !== undefined) connections.set(entry.key, connection);
  }
  const diagnostics = report.conclude(document.root);
  const hasError = diagnostics.some(({ severity }) => severity === 'error');
  return { value: hasError ? undefined : connections, diagnostics, names: entries.map(({ key }) => key), areNamesKnown: !isBroken(document) && !root.isUncertain('connections') && !root.hasUnknownKeys, document, sites: templates.sites };
}

function readConnection(report: Report, { key: name, keyRange, value, isDoubtful }: NamedEntry, templates: TemplateReader): SmtpConnection | undefined {
  if (isDoubtful === true) return undefined;
  const reader = MapReader.open(report, value, keyRange, connectionShape);
  if (reader === undefined) return undefined;
  reader.require('type', 'host');
  reader.choice('type', ['smtp']);
  const host = reader.string('host', 'the name or address of a server');
  if (host !== undefined && !/^[^\s/@]+$/.test(host)) {
    report.error('bad-value', reader.place('host'), message("'host' is the name or address of a server alone, such as smtp.example.com: the port is in 'port', the user in 'user'."));
  }
  const port = reader.integer('port', 1, 65_535);
  const tls = reader.choice('tls', ['tls', 'starttls', 'none']) ?? (port === 465 ? 'tls' : 'starttls');
  const user = reader.string('user', 'a name');
  const password = readPassword(reader, templates);
  if (reader.has('password') && !reader.has('user')) report.error('missing-key', reader.entry('password')?.keyRange ?? keyRange, message("'password' needs 'user' beside it."));
  if (tls === 'none' && reader.has('password')) report.warning('bad-value', reader.place('tls'), message("With 'tls: none' the password goes over the network in plain text. Use starttls or tls unless the server is this machine."), ['starttls', 'tls']);
  const from = reader.string('from', 'an address such as "News <news@example.com>"');
  const ca = reader.string('ca', 'a PEM file, named relative to the project\'s folder');
  if (ca !== undefined && /^(?:[/\\]|[A-Za-z]:)|(?:^|[/\\])\.\.(?:[/\\]|$)/.test(ca)) {
    report.error('bad-value', reader.place('ca'), message("'ca' is a file within the project's folder, named relative to it, such as certs/internal-ca.pem. For one elsewhere, set NODE_EXTRA_CA_CERTS where the daemon is started."));
  }
  if (ca !== undefined && tls === 'none') report.error('conflicting-keys', reader.entry('ca')?.keyRange ?? keyRange, message("'ca' is for an encrypted connection: it needs 'tls: starttls' or 'tls: tls'."));
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
  };
}

function readPassword(reader: MapReader, templates: TemplateReader): Template | undefined {
  const entry = reader.entry('password');
  if (entry === undefined) return undefined;
  const place: ExpressionPlace = { step: '', section: 'steps', item: undefined, whyNoItem: message('a connection has no items'), secrets: true };
  const password = templates.template(entry.value, place, () => true);
  switch (password.kind) {
    case 'expression':
    case 'text':
      if (referencesSecretsOnly(password)) return password;
      if (!reader.report.hasErrorWithin(entry.value.range)) reader.report.error('unknown-name', reader.place('password'), message('A connection knows secrets only: write {code}.', { code: '${{ secrets.NAME }}' }));
      return undefined;
    case 'literal':
    case 'list':
    case 'map':
      if (entry.value.kind === 'scalar' && typeof entry.value.value === 'string' && entry.value.value !== '') {
        if (!entry.value.value.includes('${{')) {
          reader.report.warning('bad-value', reader.place('password'), message("The password is in the file, where everyone who reads the project sees it. Write {code} and set it with 'sluice secrets set NAME'.", { code: '${{ secrets.NAME }}' }));
        }
        return password;
      }
      reader.report.error('wrong-type', reader.place('password'), message("'password' is a reference such as {code}, not {given}.", { code: '${{ secrets.NAME }}', given: describe(entry.value) }));
      return undefined;
  }
}

function referencesSecretsOnly(password: Extract<Template, { kind: 'expression' | 'text' }>): boolean {
  const expressions = password.kind === 'expression' ? [password.expression] : password.parts.filter((part) => typeof part !== 'string');
  return expressions.every(({ references }) => references.length > 0 && references.every(({ path }) => path[0] === 'secrets'));
}
