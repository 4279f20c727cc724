import type { JobError } from '../../schemas/protocol/shape.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';

/** What a group says, in characters: a row of a view shows less. */
const maxGroup = 240;
/** Read of a body. */
const maxRead = 4096;

/** Kinds whose cause is a word for many things, and whose message says which. */
const toldByMessage: ReadonlySet<string> = new Set(['invalid', 'internal']);

/**
 * What failed jobs have in common, as a text that is the same for all that failed alike: the action, the cause, and what the answer says
 * without the values that differ from one job to the next. `http/request: 422 Unprocessable Entity: email: is invalid`. At most 240
 * characters, on one line. `response`: the attempt's record.
 */
export function failureGroup({ uses, error, response }: { readonly uses: string; readonly error: Pick<JobError, 'kind' | 'cause' | 'message'>; readonly response?: Json | undefined }): string {
  // Without its full stop: it stands within sentences.
  const masked = saidBy(error, response).replace(/[.\s]+$/, '');
  const group = `${uses}: ${error.cause}${masked === '' || error.cause.includes(masked) ? '' : `: ${masked}`}`.replace(/\s+/g, ' ');
  return group.length <= maxGroup ? group : `${group.slice(0, maxGroup - 1)}…`;
}

function saidBy({ kind, message }: Pick<JobError, 'kind' | 'message'>, response: Json | undefined): string {
  if (isJsonObject(response)) {
    const { body, reply } = response;
    if (typeof body === 'string') return failureText(body.slice(0, maxRead));
    // The codes are in the cause.
    if (typeof reply === 'string') return maskValues(reply.slice(0, maxRead).replace(/^\d{3}[ -](?:[245]\.\d{1,3}\.\d{1,3} )?/, '').replace(/\r?\n\d{3}[ -](?:[245]\.\d{1,3}\.\d{1,3} )?/g, ' '));
  }
  return toldByMessage.has(kind) ? maskValues(message.slice(0, maxRead)) : '';
}

/** The group of a dead letter, as its row keeps it. `response`: JSON of the last attempt's record. */
export function deadGroupOf(uses: string, error: JobError, response: string | null | undefined): string {
  return failureGroup({ uses, error, response: parsed(response) });
}

function parsed(response: string | null | undefined): Json | undefined {
  return response === null || response === undefined ? undefined : (JSON.parse(response) as Json);
}

/** How deep a body is read, and how many of several errors. */
const maxDepth = 5;
const maxErrors = 3;

/** By what servers call them, without case and signs, the one that says most first. */
const textKeys = ['message', 'msg', 'errormessage', 'detail', 'errordescription', 'description', 'faultstring', 'title', 'reason', 'error'];
const codeKeys = ['code', 'errorcode', 'errcode', 'type'];
const placeKeys = ['field', 'param', 'parameter', 'pointer', 'instancepath', 'loc', 'path', 'property', 'attribute', 'name', 'source'];
const nestedKeys = ['error', 'errors', 'fault', 'detail', 'details', 'violations', 'issues', 'invalidparams', 'fielderrors', 'validationerrors', 'problems', 'exception'];

/**
 * What a body says went wrong, without the values that differ from one job to the next (`maskValues`); empty if it says nothing that is known.
 * Codes of errors stay as they are: they are kinds, and no values.
 */
function failureText(body: string): string {
  const trimmed = body.trim();
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) {
    const parsed = parsedJson(trimmed);
    return parsed === undefined ? ofCutJson(trimmed) : ofJson(parsed, 0);
  }
  return maskValues(ofText(trimmed));
}

function ofJson(value: Json | undefined, depth: number): string {
  if (typeof value === 'string') return maskValues(value);
  if (value === undefined || depth > maxDepth) return '';
  if (Array.isArray(value)) return joined((value as readonly Json[]).map((item) => ofJson(item, depth + 1)));
  return isJsonObject(value) ? ofObject(value, depth) : '';
}

function ofObject(value: JsonObject, depth: number): string {
  const byKey = new Map(Object.entries(value).map(([key, item]) => [key.toLowerCase().replace(/[^a-z]/g, ''), item]));
  const text = first(textKeys, (key) => textOf(byKey.get(key)));
  const code = first(codeKeys, (key) => codeOf(byKey.get(key)));
  const nested = first(nestedKeys, (key) => nestedOf(byKey.get(key), depth));
  const place = first(placeKeys, (key) => placeOf(byKey.get(key)));
  const said = [code, text].filter((part) => part !== '').join(' ');
  const own = place === '' || said === '' ? said : `${place}: ${said}`;
  return own === '' ? nested : nested === '' || own.includes(nested) ? own : `${own}: ${nested}`;
}

/** `{ "email": ["is invalid"] }`: errors by the field that they are about. */
function nestedOf(value: Json | undefined, depth: number): string {
  if (value === undefined || typeof value === 'string') return '';
  if (!isJsonObject(value)) return ofJson(value, depth + 1);
  const said = ofObject(value, depth + 1);
  if (said !== '') return said;
  return joined(
    Object.entries(value).map(([field, item]) => {
      const text = ofJson(item, depth + 1);
      return text === '' ? '' : `${maskValues(field)}: ${text}`;
    }),
  );
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? maskValues(value) : '';
}

/** A word or a number; what is longer is not code. */
function codeOf(value: Json | undefined): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && /^[\w.-]{1,60}$/.test(value) ? value : '';
}

/** `["body", "items", 3, "sku"]` and `/items/3/sku` alike. */
function placeOf(value: Json | undefined): string {
  const parts = Array.isArray(value) ? (value as readonly Json[]) : typeof value === 'string' ? value.split(/[/.]/) : isJsonObject(value) ? [value['pointer'], value['parameter']].flatMap((part) => (typeof part === 'string' ? part.split('/') : [])) : [];
  const names = parts.filter((part): part is string => typeof part === 'string' && /^[A-Za-z_$][\w$-]{0,59}$/.test(part));
  return names.join('.');
}

function first(keys: readonly string[], read: (key: string) => string): string {
  for (const key of keys) {
    const found = read(key);
    if (found !== '') return found;
  }
  return '';
}

/** In one order, each once: servers list the same errors in another order. */
function joined(parts: readonly string[]): string {
  const said = [...new Set(parts.filter((part) => part !== ''))].sort();
  return said.length <= maxErrors ? said.join('; ') : `${said.slice(0, maxErrors).join('; ')}; …`;
}

/** The record was cut in the middle of the body: what is before the cut still says it. */
function ofCutJson(text: string): string {
  const code = /"(?:code|error_?code)"\s*:\s*(?:"([\w.-]{1,60})"|(\d{1,10}))/i.exec(text);
  const said = /"(?:message|msg|error_?message|detail|error_description|title|reason|error)"\s*:\s*("(?:[^"\\]|\\.)*")/i.exec(text)?.[1];
  const parsed = said === undefined ? undefined : parsedJson(said);
  const codeText = code?.[1] ?? code?.[2] ?? '';
  return [codeText, typeof parsed === 'string' ? maskValues(parsed) : ''].filter((part) => part !== '').join(' ');
}

function ofText(text: string): string {
  if (text.startsWith('<')) {
    const title = /<(?:title|h1|message|faultstring|error)\b[^>]*>([^<]{1,300})</i.exec(text)?.[1];
    if (title !== undefined) return title;
  }
  const line = text.replace(/<[^>]{0,300}>/g, ' ').split('\n').find((one) => one.trim() !== '');
  return line?.trim() ?? '';
}

function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Words with digits that name a thing of the trade and no value. */
const technicalWords: ReadonlySet<string> = new Set(
  'utf8 utf16 utf-8 utf-16 sha1 sha256 sha512 sha-1 sha-256 sha-512 md5 ipv4 ipv6 oauth2 oauth1 base64 base32 x509 http2 http3 http/1.1 iso8601 iso-8601 int8 int16 int32 int64 uint32 uint64 float32 float64 tls1.2 tls1.3 e164 e.164 s3 ec2 v1 v2 v3 v4'.split(' '),
);

/** `field "email"`: what is quoted after these words is the name of a place and no value. */
const placeBefore = /(?:field|property|properties|parameter|param|attribute|key|column|argument|header|input|variable|option|element|member|path|name|secret)s?[\s:=]*$/i;
/** `"email" is required`. */
const claimAfter =
  /^\s*(?:(?:is|are) (?:a )?(?:required|missing|invalid|not allowed|not valid|not permitted|mandatory|read-?only)|must|should|may not|can(?:no|')t be|required|missing|field|property|parameter|attribute|column|header)\b/i;
const identifier = /^[A-Za-z_$][A-Za-z_$.[\]-]{0,59}$/;

const urls = /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'<>)\]]+/gi;
const emails = /[\w.!#$%&*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*/g;
const uuids = /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi;
const months = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*';
const times = new RegExp(
  [
    String.raw`\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?`,
    String.raw`\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?\d{1,2} ${months} \d{4}(?: \d{2}:\d{2}(?::\d{2})?(?: (?:UTC|GMT|[+-]\d{4}))?)?`,
    String.raw`\b${months} \d{1,2},? \d{4}`,
    String.raw`\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b`,
    String.raw`\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]m)?\b`,
  ].join('|'),
  'gi',
);
const addresses = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g;
/** A number by itself, with its sign and its groups of thousands. */
const numbers = /(?<![\w<])[+-]?\d+(?:[.,]\d+)*(?![\w>])/g;
const wordsWithDigits = /(?<![\w<])[\w-]*\d[\w-]*(?:[./:][\w-]*\d[\w-]*)*/g;
const quoted = /"([^"\n]{0,200})"|“([^”\n]{0,200})”|«([^»\n]{0,200})»|`([^`\n]{0,200})`|(?<!\w)'([^'\n]{0,200})'(?!\w)/g;

/**
 * The text without what differs from one job to the next: addresses, ids, times, numbers and quoted values stand as `<email>`, `<url>`, `<id>`,
 * `<time>`, `<number>` and `"…"`. Names of fields stay, quoted or not, because two fields are two faults.
 */
function maskValues(text: string): string {
  return text
    .replace(urls, '<url>')
    .replace(emails, '<email>')
    .replace(uuids, '<id>')
    .replace(addresses, '<address>')
    .replace(times, '<time>')
    .replace(quoted, maskQuoted)
    .replace(numbers, '<number>')
    .replace(wordsWithDigits, (word) => (isValue(word) ? '<id>' : word))
    .replace(/<number>(?:[\s/x×-]{1,3}<number>)+/g, '<number>')
    .replace(/\s+/g, ' ')
    .trim();
}

function maskQuoted(match: string, ...rest: readonly unknown[]): string {
  const inner = rest.slice(0, 5).find((part): part is string => typeof part === 'string') ?? '';
  const [, , , , , offset, whole] = rest;
  if (identifier.test(inner) && typeof offset === 'number' && typeof whole === 'string') {
    if (placeBefore.test(whole.slice(Math.max(0, offset - 40), offset)) || claimAfter.test(whole.slice(offset + match.length, offset + match.length + 40))) return inner;
  }
  return '"…"';
}

function isValue(word: string): boolean {
  return !technicalWords.has(word.toLowerCase().replace(/[-_.:/]+$/, ''));
}
