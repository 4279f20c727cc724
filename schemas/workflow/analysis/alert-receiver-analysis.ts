import { alertSeverities } from '../alert.ts';
import { alertFormats, type AlertReceiver, type AlertTarget, formatOfHost, parseTimeOfDay, type QuietHours, shortestRepeatMs } from '../alert-receiver.ts';
import type { SourceRange } from '../diagnostic.ts';
import { referencesOf, type Template } from '../template.ts';
import { formatDuration } from '../../wording/amount.ts';
import { message, sentences } from '../../wording/message.ts';
import { isTimeZone, nearestTimeZone } from './cron.ts';
import type { ExpressionPlace } from './expression-scope.ts';
import { describe, MapReader, placeOf } from './map-reader.ts';
import { readDuration } from './policy-reader.ts';
import { didYouMean, quoted } from './report.ts';
import type { TemplateReader } from './template-reader.ts';

/** A connection that a receiver names, which is in another file. */
export interface ConnectionUse {
  readonly name: string;
  readonly range: SourceRange;
}

export interface AlertReceivers {
  readonly receivers: readonly AlertReceiver[];
  readonly connections: readonly ConnectionUse[];
}

const place: ExpressionPlace = { step: '', section: 'steps', item: undefined, whyNoItem: message('settings have no items'), secrets: true, roots: ['secrets'] };

const keys = ['webhook', 'format', 'email', 'connection', 'from', 'repeat', 'quiet-hours'];

/** Reads `alerts` of `config.yaml`; what has errors is left out. */
export function readAlertReceivers(root: MapReader, templates: TemplateReader): AlertReceivers {
  const receivers: AlertReceiver[] = [];
  const connections: ConnectionUse[] = [];
  for (const item of root.list('alerts', 'receivers, each with a webhook or an e-mail address')) {
    const at = item.kind === 'map' ? (item.entries[0]?.keyRange ?? item.range) : item.range;
    const reader = MapReader.open(root.report, item, at, { what: 'a receiver of alerts', keys });
    if (reader === undefined) continue;
    const before = reader.report.errorCount;
    const target = readTarget(reader, templates, connections);
    const from = reader.choice('from', alertSeverities) ?? 'warning';
    const repeatMs = readRepeat(reader);
    const quietHours = readQuietHours(reader);
    if (target === undefined || reader.report.errorCount > before) continue;
    if (receivers.some((other) => isSameTarget(other.target, target))) {
      reader.report.error('bad-value', reader.place(target.kind), message('There is an entry for this receiver already: it would be told everything twice. Remove one of them.'));
      continue;
    }
    receivers.push({ target, from, ...(repeatMs === undefined ? {} : { repeatMs }), ...(quietHours === undefined ? {} : { quietHours }) });
  }
  return { receivers, connections };
}

/** A URL that is called, such as that of `heartbeat`: literal, or with secrets in it. */
export function readCalledUrl(reader: MapReader, key: string, templates: TemplateReader): Template | undefined {
  const entry = reader.entry(key);
  if (entry === undefined) return undefined;
  const { report } = reader;
  const before = report.errorCount;
  const template = templates.template(entry.value, place, () => true);
  const at = placeOf(entry.value, entry.keyRange);
  if (report.errorCount > before) return undefined;
  if (!mayBeUrl(template)) {
    report.error('bad-value', at, message('{key} is a URL such as https://chat.example.com/hook, or a secret that holds one, such as {code}; not {given}.', { key: quoted(key), code: '${{ secrets.ALERT_HOOK }}', given: describe(entry.value) }));
    return undefined;
  }
  if (referencesOf(template).some(({ path }) => path[0] !== 'secrets')) {
    report.error('unknown-name', at, message('{key} knows secrets only: write {code}.', { key: quoted(key), code: '${{ secrets.NAME }}' }));
    return undefined;
  }
  return template;
}

/** As far as it is known before its secrets are. */
function mayBeUrl(template: Template): boolean {
  switch (template.kind) {
    case 'literal':
      return isUrl(template.value);
    case 'expression':
      return true;
    case 'text': {
      const [first] = template.parts;
      return typeof first !== 'string' || /^https?:\/\/[^\s@?#]*$/.test(first);
    }
    case 'list':
    case 'map':
      return false;
  }
}

function isUrl(value: unknown): value is string {
  const url = typeof value === 'string' && !/\s/.test(value) ? URL.parse(value) : null;
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '';
}

function readTarget(reader: MapReader, templates: TemplateReader, connections: ConnectionUse[]): AlertTarget | undefined {
  const { report, at } = reader;
  const isEmail = reader.has('email');
  if (isEmail && reader.has('webhook')) {
    report.error('conflicting-keys', reader.entry('email')?.keyRange ?? at, message("A receiver of alerts is a webhook or an e-mail address: write two entries."));
    return undefined;
  }
  if (isEmail) return readEmail(reader, connections);
  if (reader.has('connection')) report.error('conflicting-keys', reader.entry('connection')?.keyRange ?? at, message("'connection' is for e-mail: it needs 'email' beside it."));
  if (!reader.has('webhook')) {
    if (!reader.hasUnknownKeys) report.missing('webhook', at, message("A receiver of alerts must say 'webhook' or 'email'."));
    return undefined;
  }
  const url = readCalledUrl(reader, 'webhook', templates);
  const format = reader.choice('format', alertFormats);
  if (url?.kind === 'literal') warnOfSecretUrl(reader, urlText(url));
  return url && { kind: 'webhook', url, ...(format === undefined ? {} : { format }) };
}

/** Whoever knows the URL of a chat's webhook can write into the chat. */
function warnOfSecretUrl(reader: MapReader, text: string): void {
  const host = URL.parse(text)?.hostname ?? '';
  if (formatOfHost(host) === 'json') return;
  reader.report.warning('bad-value', reader.place('webhook'), message("Whoever reads this URL can write to {host}. Write {code} and set it with 'sluice secrets set NAME'.", { host, code: '${{ secrets.NAME }}' }));
}

function readEmail(reader: MapReader, connections: ConnectionUse[]): AlertTarget | undefined {
  reader.require('connection');
  if (reader.has('format')) reader.report.error('conflicting-keys', reader.entry('format')?.keyRange ?? reader.at, message("'format' is for webhooks."));
  const to: string[] = [];
  for (const node of reader.list('email', 'e-mail addresses', true)) {
    const text = node.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
    if (text !== undefined && /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+$/.test(text)) to.push(text);
    else reader.report.error('bad-value', placeOf(node, reader.place('email')), message('{given} is not an e-mail address such as ops@example.com.', { given: describe(node) }));
  }
  const connection = reader.string('connection', 'the name of a connection in .sluice/connections.yaml');
  if (connection === undefined) return undefined;
  connections.push({ name: connection, range: reader.place('connection') });
  return to.length === 0 ? undefined : { kind: 'email', to, connection };
}

function readRepeat(reader: MapReader): number | undefined {
  const repeatMs = readDuration(reader, 'repeat');
  if (repeatMs === undefined || repeatMs >= shortestRepeatMs) return repeatMs;
  reader.report.error('bad-duration', reader.place('repeat'), message("'repeat' is at least {duration}.", { duration: formatDuration(shortestRepeatMs) }));
  return undefined;
}

function readQuietHours(parent: MapReader): QuietHours | undefined {
  const reader = parent.map('quiet-hours', { what: "'quiet-hours'", keys: ['from', 'to', 'timezone'] });
  if (reader === undefined) return undefined;
  reader.require('from', 'to');
  const fromMinute = readTime(reader, 'from');
  const toMinute = readTime(reader, 'to');
  const timeZone = reader.string('timezone', 'a time zone such as Europe/Berlin') ?? 'UTC';
  if (!isTimeZone(timeZone)) {
    const nearest = nearestTimeZone(timeZone);
    reader.report.error('bad-timezone', reader.place('timezone'), sentences(message('{zone} is not a time zone. Write an IANA name such as Europe/Berlin or UTC.', { zone: quoted(timeZone) }), didYouMean(nearest)), nearest === undefined ? [] : [nearest]);
  }
  if (fromMinute === undefined || toMinute === undefined) return undefined;
  if (fromMinute === toMinute) reader.report.error('bad-value', reader.place('to'), message("'from' and 'to' are the same time, so nothing would ever be told."));
  return { fromMinute, toMinute, timeZone };
}

function readTime(reader: MapReader, key: string): number | undefined {
  const node = reader.entry(key)?.value;
  const minute = node?.kind === 'scalar' && typeof node.value === 'string' ? parseTimeOfDay(node.value) : undefined;
  if (node !== undefined && minute === undefined) reader.report.error('bad-value', reader.place(key), message('{key} is a time of day such as "22:00", not {given}.', { key: quoted(key), given: describe(node) }));
  return minute;
}

function isSameTarget(one: AlertTarget, other: AlertTarget): boolean {
  if (one.kind === 'email') return other.kind === 'email' && one.connection === other.connection && [...one.to].sort().join() === [...other.to].sort().join();
  return other.kind === 'webhook' && urlText(one.url) === urlText(other.url);
}

/** As the file has it, so that two texts that differ are two URLs. */
export function urlText(template: Template): string {
  switch (template.kind) {
    case 'literal':
      return typeof template.value === 'string' ? template.value : '';
    case 'expression':
      return `\${{ ${template.expression.source} }}`;
    case 'text':
      return template.parts.map((part) => (typeof part === 'string' ? part : `\${{ ${part.source} }}`)).join('');
    case 'list':
    case 'map':
      return '';
  }
}
