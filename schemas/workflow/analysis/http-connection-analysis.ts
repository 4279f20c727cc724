import { message } from '../../wording/message.ts';
import { headerProblem } from '../actions/action-definition.ts';
import type { HttpAuth, HttpAuthType, HttpConnection, OAuth2Auth } from '../connections/connection.ts';
import { httpAuthKinds, httpAuthTypes } from '../connections/http-auth.ts';
import { entryOf } from '../document.ts';
import type { Template } from '../template.ts';
import { limitKeys, readConnectionLimits } from './connection-limits.ts';
import { describe, MapReader, placeOf } from './map-reader.ts';
import { readDuration } from './policy-reader.ts';
import { quoted } from './report.ts';
import { readSecretNode, readSecretText } from './secret-reader.ts';
import type { TemplateReader } from './template-reader.ts';

export const httpKeys = ['type', 'url', 'headers', 'timeout', 'auth', ...limitKeys];

/** Stands where something is wrong: a connection with an error is never used. */
const nothing: Template = { kind: 'literal', value: '' };

export function readHttpConnection(name: string, reader: MapReader, templates: TemplateReader): HttpConnection {
  reader.require('type', 'url');
  const url = readUrl(reader, 'url', 'the URL below which steps call, such as https://api.crm.example/v3');
  const headers = readHeaders(reader, templates);
  const timeoutMs = readDuration(reader, 'timeout', 1);
  const auth = readAuth(reader, templates);
  const limits = readConnectionLimits(reader);
  if (auth !== undefined && url !== undefined) warnOfPlainText(reader, 'url', url);
  return { name, type: 'http', url: url ?? '', headers, ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(auth === undefined ? {} : { auth }), ...limits };
}

/** An absolute URL that is fixed, so that where secrets go can't be changed by what they are sent with. */
function readUrl(reader: MapReader, key: string, what: string, { query = false } = {}): string | undefined {
  const url = reader.string(key, what);
  if (url === undefined) return undefined;
  const { report } = reader;
  const parsed = url.includes('${{') ? null : URL.parse(url);
  if (url.includes('${{')) report.error('bad-value', reader.place(key), message('{key} is fixed when the file is read, so an expression is not allowed here: it says where secrets are sent.', { key: quoted(key) }));
  else if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) report.error('bad-value', reader.place(key), message('{key} is an absolute http: or https: URL, such as https://api.crm.example/v3.', { key: quoted(key) }));
  else if (parsed.username !== '' || parsed.password !== '') report.error('bad-value', reader.place(key), message("{key} must not hold a user or password, which would be shown with it: write {code}.", { key: quoted(key), code: 'auth: { type: basic, user: …, password: "${{ secrets.NAME }}" }' }));
  else if (url.includes('#')) report.error('bad-value', reader.place(key), message('{key} has no fragment: what is behind # is never sent.', { key: quoted(key) }));
  else if (!query && url.includes('?')) report.error('bad-value', reader.place(key), message("{key} has no query: a step's own 'query' is sent with each of its calls.", { key: quoted(key) }));
  else return url;
  return undefined;
}

function warnOfPlainText(reader: MapReader, key: string, url: string): void {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== 'http:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(parsed.hostname)) return;
  reader.report.warning('bad-value', reader.place(key), message('With http: the credentials go over the network in plain text. Use https: unless the server is this machine.'));
}

function readHeaders(reader: MapReader, templates: TemplateReader): Readonly<Record<string, Template>> {
  const entry = reader.entry('headers');
  if (entry === undefined) return {};
  const { report } = reader;
  if (entry.value.kind !== 'map') {
    report.error('wrong-type', reader.place('headers'), message("'headers' is a map of headers, not {given}.", { given: describe(entry.value) }));
    return {};
  }
  const clash = headerProblem(entry.value.entries.map(({ key }) => key));
  const clashing = entry.value.entries.findLast(({ key }) => key === clash?.name);
  if (clash !== undefined && clashing !== undefined) report.error('conflicting-keys', clashing.keyRange, clash.message);
  const headers: Record<string, Template> = {};
  for (const { key, keyRange, value } of entry.value.entries) {
    if (!isHeaderName(key)) report.error('bad-value', keyRange, message('{name} is not a name of a header.', { name: quoted(key) }));
    else if (value.kind === 'scalar' && typeof value.value === 'number') headers[key.toLowerCase()] = { kind: 'literal', value: String(value.value) };
    else headers[key.toLowerCase()] = readSecretNode(reader, { key, node: value, at: placeOf(value, keyRange) }, templates, { isSecret: false, mayBeEmpty: true }) ?? nothing;
  }
  return headers;
}

/** A token of RFC 9110, 5.6.2. */
function isHeaderName(name: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name);
}

function readAuth(connection: MapReader, templates: TemplateReader): HttpAuth<Template> | undefined {
  const entry = connection.entry('auth');
  if (entry === undefined) return undefined;
  const given = entryOf(entry.value, 'type')?.value;
  const type = httpAuthTypes.find((one) => given?.kind === 'scalar' && given.value === one);
  const keys = type === undefined ? httpAuthTypes.flatMap((one) => Object.keys(httpAuthKinds[one].properties)) : Object.keys(httpAuthKinds[type].properties);
  const reader = MapReader.open(connection.report, entry.value, entry.keyRange, { what: type === undefined ? "'auth'" : `'auth' of the type ${type}`, keys: ['type', ...new Set(keys)] });
  if (reader === undefined) return undefined;
  reader.require('type');
  reader.choice('type', httpAuthTypes);
  if (type === undefined) return undefined;
  reader.require(...httpAuthKinds[type].required);
  return authOf(type, reader, templates);
}

function authOf(type: HttpAuthType, reader: MapReader, templates: TemplateReader): HttpAuth<Template> {
  const secret = (key: string): Template => readSecretText(reader, key, templates) ?? nothing;
  const plain = (key: string): Template => readSecretText(reader, key, templates, { isSecret: false }) ?? nothing;
  switch (type) {
    case 'bearer':
      return { type, token: secret('token') };
    case 'basic':
      return { type, user: plain('user'), password: readSecretText(reader, 'password', templates, { isSecret: true, mayBeEmpty: true }) ?? nothing };
    case 'header': {
      const name = reader.string('name', 'the name of a header such as x-api-key') ?? '';
      if (name !== '' && !isHeaderName(name)) reader.report.error('bad-value', reader.place('name'), message('{name} is not a name of a header.', { name: quoted(name) }));
      return { type, name: name.toLowerCase(), value: secret('value') };
    }
    case 'query':
      return { type, name: reader.string('name', 'the name of a parameter such as api_key') ?? '', value: secret('value') };
    case 'oauth2':
      return readOAuth2(reader, secret, plain);
    case 'google-service-account':
      return { type, key: secret('key'), scopes: readWords(reader, 'scopes') };
    case 'aws-sigv4':
      return {
        type,
        region: reader.string('region', 'a region such as eu-central-1') ?? '',
        service: reader.string('service', 'a service such as s3') ?? '',
        keyId: plain('key-id'),
        secretKey: secret('secret-key'),
        ...(reader.has('session-token') ? { sessionToken: secret('session-token') } : {}),
      };
  }
}

function readOAuth2(reader: MapReader, secret: (key: string) => Template, plain: (key: string) => Template): OAuth2Auth<Template> {
  const grant = reader.choice('grant', ['client-credentials', 'refresh-token']);
  if (grant === 'client-credentials') reader.require('client-secret');
  if (grant === 'refresh-token') reader.require('refresh-token');
  const unused = grant === 'client-credentials' ? reader.entry('refresh-token') : undefined;
  if (unused !== undefined) reader.report.error('conflicting-keys', unused.keyRange, message("'refresh-token' is for 'grant: refresh-token': client credentials have none."));
  const tokenUrl = readUrl(reader, 'token-url', 'where tokens are fetched, such as https://id.crm.example/token', { query: true });
  if (tokenUrl !== undefined) warnOfPlainText(reader, 'token-url', tokenUrl);
  const scope = readWords(reader, 'scope');
  return {
    type: 'oauth2',
    grant: grant ?? 'client-credentials',
    tokenUrl: tokenUrl ?? '',
    clientId: plain('client-id'),
    ...(reader.has('client-secret') ? { clientSecret: secret('client-secret') } : {}),
    clientAuth: reader.choice('client-auth', ['header', 'body']) ?? 'header',
    ...(reader.has('refresh-token') ? { refreshToken: secret('refresh-token') } : {}),
    ...(scope.length === 0 ? {} : { scope: scope.join(' ') }),
    parameters: readParameters(reader),
  };
}

/** A text, or a list of texts. */
function readWords(reader: MapReader, key: string): readonly string[] {
  const words: string[] = [];
  for (const item of reader.list(key, 'texts', true)) {
    const word = item.kind === 'scalar' && typeof item.value === 'string' ? item.value : undefined;
    if (word === undefined || word === '') reader.report.error('wrong-type', placeOf(item, reader.place(key)), message('{key} is a list of {what}; {given} is none.', { key: quoted(key), what: 'texts', given: describe(item) }));
    else words.push(word);
  }
  return words;
}

/** Those that the protocol itself sets. */
const ownParameters: ReadonlySet<string> = new Set(['grant_type', 'client_id', 'client_secret', 'refresh_token', 'scope']);

function readParameters(reader: MapReader): Readonly<Record<string, string>> {
  const entry = reader.entry('parameters');
  if (entry === undefined) return {};
  if (entry.value.kind !== 'map') {
    reader.report.error('wrong-type', reader.place('parameters'), message("'parameters' is a map of texts, not {given}.", { given: describe(entry.value) }));
    return {};
  }
  const parameters: Record<string, string> = {};
  for (const { key, keyRange, value } of entry.value.entries) {
    if (ownParameters.has(key)) reader.report.error('bad-value', keyRange, message('{name} is set by Sluice: it has a key of its own beside it.', { name: quoted(key) }));
    else if (value.kind !== 'scalar' || typeof value.value !== 'string') reader.report.error('wrong-type', placeOf(value, keyRange), message('{key} is a text, not {given}.', { key: quoted(key), given: describe(value) }));
    else parameters[key] = value.value;
  }
  return parameters;
}
