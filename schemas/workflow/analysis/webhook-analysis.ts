import { toJson, type DocumentNode } from '../document.ts';
import type { SourceRange } from '../diagnostic.ts';
import type { WebhookTrigger } from '../triggers/webhook-trigger.ts';
import { defaultToleranceMs, maxToleranceMs, type NamedSignature, parseSigned, signatureAlgorithms, signatureEncodings, signatureSchemes, signs, type SignatureScheme, type VerifyScheme, verifySchemes, type WebhookVerify } from '../triggers/webhook-verify.ts';
import { message } from '../../wording/message.ts';
import type { ExpressionPlace } from './expression-scope.ts';
import { reportUnknownInput, requiredWithoutDefault, type InputsSchema } from './input-schema.ts';
import { type MapReader, placeOf } from './map-reader.ts';
import { readDuration } from './policy-reader.ts';
import { quoted } from './report.ts';
import type { TemplateReader } from './template-reader.ts';

/** A webhook of a workflow as it is known where others are compared with it. */
export interface AnalysedWebhook {
  /** Undefined if something in it is wrong. */
  readonly trigger: WebhookTrigger | undefined;
  readonly path: string | undefined;
  readonly pathRange: SourceRange;
  /** Of the key `webhook`. */
  readonly keyRange: SourceRange;
  readonly verifyRange: SourceRange;
  /** The map of `inputs`, whose values are for the inputs of the same names. */
  readonly inputs: DocumentNode | undefined;
}

/** A request has come, but there is no run yet. */
const place: ExpressionPlace = { step: '', section: 'steps', item: undefined, whyNoItem: message("only a step with 'foreach' has items"), secrets: false, roots: ['trigger', 'env'], triggers: ['webhook'] };

const keys = ['path', 'verify', 'dedupe', 'if', 'inputs'];

/** Reads `on.webhook`. */
export function readWebhook(parent: MapReader, templates: TemplateReader, inputs: InputsSchema): AnalysedWebhook | undefined {
  const entry = parent.entry('webhook');
  const reader = parent.map('webhook', { what: "'webhook'", keys });
  if (entry === undefined || reader === undefined) return undefined;
  const { report } = reader;
  const before = report.errorCount;
  reader.require('path', 'verify');
  const path = reader.string('path', 'a name in the URL such as newsletter');
  if (path !== undefined && !/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(path)) {
    report.error('bad-value', reader.place('path'), message("{path} can't be part of a URL here: use letters, digits, '-' and '_', with '/' between parts.", { path: quoted(path) }));
  }
  const verify = readVerify(reader, templates);
  const dedupeEntry = reader.entry('dedupe');
  const dedupe = reader.string('dedupe', 'an expression such as ${{ trigger.body.id }}') === undefined || dedupeEntry === undefined ? undefined : templates.template(dedupeEntry.value, place);
  if (dedupe?.kind === 'literal' && dedupeEntry !== undefined) report.warning('constant-key', reader.place('dedupe'), message("This 'dedupe' is the same for every event, so all but the first would start nothing. Write an expression such as {code}.", { code: '${{ trigger.body.id }}' }));
  const condition = reader.entry('if');
  const when = condition?.value.kind === 'scalar' && condition.value.value !== null ? templates.condition(condition.value, place) : undefined;
  if (condition !== undefined && condition.value.kind !== 'scalar') report.error('wrong-type', reader.place('if'), message("'if' is an expression such as {code}.", { code: "${{ trigger.body.action == 'closed' }}" }));
  const given = readInputs(reader, templates, inputs);
  const found = { path, pathRange: reader.place('path'), keyRange: entry.keyRange, verifyRange: reader.place('verify'), inputs: reader.entry('inputs')?.value };
  if (report.errorCount > before || path === undefined || verify === undefined) return { trigger: undefined, ...found };
  return {
    trigger: { path, verify, ...(dedupe === undefined ? {} : { dedupe }), ...(when === undefined ? {} : { if: when }), ...(given === undefined ? {} : { inputs: given }) },
    ...found,
  };
}

function readInputs(reader: MapReader, templates: TemplateReader, inputs: InputsSchema): WebhookTrigger['inputs'] {
  const { report } = reader;
  const entry = reader.entry('inputs');
  const isMap = entry?.value.kind === 'map';
  const given = isMap ? entry.value.entries : [];
  if (entry !== undefined && !isMap) report.error('wrong-type', reader.place('inputs'), message("'inputs' is a map with a value for each input, such as {code}.", { code: '{ deal: "${{ trigger.body.deal }}" }' }));
  for (const one of given) reportUnknownInput(report, one, inputs);
  // Without `inputs`, the body has them.
  for (const name of isMap ? requiredWithoutDefault(inputs.schema) : []) {
    if (given.some(({ key }) => key === name)) continue;
    report.error('missing-key', entry?.keyRange ?? reader.at, message("The workflow needs the input {name}: say under 'inputs' of the webhook where it comes from, such as {code}.", { name: quoted(name), code: `${name}: "\${{ trigger.body.${name} }}"` }));
  }
  return entry !== undefined && isMap ? templates.template(entry.value, place) : undefined;
}

const signatureKeys = ['header', 'encoding', 'prefix', 'signed', 'timestamp-header', 'tolerance', 'id-header', 'secret'];

/** What each scheme takes besides `scheme`. */
function keysOf(scheme: VerifyScheme): readonly string[] {
  switch (scheme) {
    case 'hmac':
      return ['algorithm', ...signatureKeys];
    case 'hmac-sha256':
      return signatureKeys;
    case 'bearer':
      return ['secret'];
    case 'query-secret':
      return ['parameter', 'secret'];
    case 'none':
      return [];
    default:
      return signatureSchemes[scheme].timestamp === undefined ? ['secret'] : ['tolerance', 'secret'];
  }
}

const verifyKeys = ['scheme', 'algorithm', ...signatureKeys, 'parameter'];

function readVerify(parent: MapReader, templates: TemplateReader): WebhookVerify | undefined {
  const { report } = parent;
  const entry = parent.entry('verify');
  const warnOpen = (): void => report.warning('unverified-webhook', parent.place('verify'), message('Anyone who knows the address can start this workflow. Choose a scheme that the sender knows, unless that is intended.'));
  if (entry?.value.kind === 'scalar' && entry.value.value === 'none') {
    warnOpen();
    return { kind: 'none' };
  }
  const reader = parent.map('verify', { what: "'verify'", keys: verifyKeys });
  if (reader === undefined) return undefined;
  reader.require('scheme');
  const scheme = reader.choice('scheme', verifySchemes);
  if (scheme === undefined) {
    readSecrets(reader, templates);
    return undefined;
  }
  const allowed = keysOf(scheme);
  for (const key of verifyKeys.slice(1)) {
    const extra = reader.entry(key);
    if (extra !== undefined && !allowed.includes(key)) {
      report.error('conflicting-keys', extra.keyRange, allowed.length === 0 ? message("'scheme: {scheme}' takes no {key}: nothing is verified.", { scheme, key: quoted(key) }) : message("'scheme: {scheme}' takes no {key}; it takes {keys}.", { scheme, key: quoted(key), keys: allowed.join(', ') }));
    }
  }
  if (scheme === 'none') {
    warnOpen();
    return { kind: 'none' };
  }
  reader.require('secret');
  const secrets = readSecrets(reader, templates);
  switch (scheme) {
    case 'bearer':
      return { kind: 'bearer', secrets };
    case 'query-secret':
      return { kind: 'query-secret', parameter: reader.string('parameter', 'the name of a parameter such as secret') ?? 'secret', secrets };
    case 'hmac':
    case 'hmac-sha256': {
      const signature = readSignature(reader);
      return signature && { kind: 'signature', scheme, signature, secrets };
    }
    default:
      return { kind: 'signature', scheme, signature: namedSignature(reader, scheme), secrets };
  }
}

function namedSignature(reader: MapReader, scheme: NamedSignature): SignatureScheme {
  const signature = signatureSchemes[scheme];
  const toleranceMs = readTolerance(reader);
  return signature.timestamp === undefined || toleranceMs === undefined ? signature : { ...signature, timestamp: { ...signature.timestamp, toleranceMs } };
}

function readTolerance(reader: MapReader): number | undefined {
  const toleranceMs = readDuration(reader, 'tolerance', 1000);
  if (toleranceMs === undefined || toleranceMs <= maxToleranceMs) return toleranceMs;
  reader.report.error('bad-duration', reader.place('tolerance'), message("'tolerance' is at most 24h: for as long, a request that somebody has seen could be sent again."));
  return undefined;
}

function readSignature(reader: MapReader): SignatureScheme | undefined {
  const { report } = reader;
  reader.require('header');
  const header = readHeader(reader, 'header', "a header's name such as x-signature");
  const algorithm = reader.choice('algorithm', signatureAlgorithms) ?? 'sha256';
  const encoding = reader.choice('encoding', signatureEncodings) ?? 'hex';
  const prefix = reader.string('prefix', 'what precedes the signature, such as "sha256="') ?? '';
  const timestampHeader = readHeader(reader, 'timestamp-header', "a header's name such as x-timestamp");
  const idHeader = readHeader(reader, 'id-header', "a header's name such as x-event-id");
  const toleranceMs = readTolerance(reader);
  const pattern = reader.string('signed', 'what is signed, such as "{timestamp}.{body}"') ?? '{body}';
  if (header === undefined) return undefined;
  const signature: SignatureScheme = {
    algorithm,
    encoding,
    header,
    prefix,
    signed: parseSigned(pattern),
    key: 'text',
    ...(timestampHeader === undefined ? {} : { timestamp: { header: timestampHeader, toleranceMs: toleranceMs ?? defaultToleranceMs } }),
    ...(idHeader === undefined ? {} : { idHeader }),
  };
  const place = reader.place('signed');
  const unknown = [...pattern.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name).find((name) => !['body', 'timestamp', 'id', 'method', 'url'].includes(name));
  if (unknown !== undefined) report.error('bad-value', place, message("{name} is not a part of what is signed: those are '{body}', '{timestamp}', '{id}', '{method}' and '{url}'.", { name: quoted(`{${unknown}}`), body: '{body}', timestamp: '{timestamp}', id: '{id}', method: '{method}', url: '{url}' }));
  if (!signs(signature, 'body')) report.error('bad-value', place, message("'signed' must have {code} in it: what isn't signed can be changed by anyone.", { code: '{body}' }));
  // A header that isn't signed proves nothing, and a part that comes from nowhere is empty.
  for (const [part, key] of [['timestamp', 'timestamp-header'], ['id', 'id-header']] as const) {
    if (signs(signature, part) && !reader.has(key)) report.error('missing-key', place, message("{part} is signed: say in {key} which header has it.", { part: quoted(`{${part}}`), key: quoted(key) }));
    if (!signs(signature, part) && reader.has(key)) report.error('conflicting-keys', reader.entry(key)?.keyRange ?? reader.at, message("{key} has no effect unless 'signed' has {code} in it: what isn't signed can be changed by anyone.", { key: quoted(key), code: `{${part}}` }));
  }
  if (reader.has('tolerance') && !reader.has('timestamp-header')) report.error('conflicting-keys', reader.entry('tolerance')?.keyRange ?? reader.at, message("'tolerance' is for a time of sending: it needs 'timestamp-header'."));
  return signature;
}

function readHeader(reader: MapReader, key: string, what: string): string | undefined {
  const name = reader.string(key, what);
  if (name === undefined || /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return name?.toLowerCase();
  reader.report.error('bad-value', reader.place(key), message('{name} is not the name of a header.', { name: quoted(name) }));
  return undefined;
}

/** The names of the secrets, any of which may be used: a list while a sender changes from one to another. */
function readSecrets(reader: MapReader, templates: TemplateReader): readonly string[] {
  const entry = reader.entry('secret');
  if (entry === undefined) return [];
  const nodes = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  if (nodes.length === 0) reader.report.error('bad-value', reader.place('secret'), message("'secret' has at least one reference such as {code}.", { code: '${{ secrets.NAME }}' }));
  return nodes.flatMap((node) => {
    const value = toJson(node);
    const name = typeof value === 'string' ? /^\$\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}$/.exec(value)?.[1] : undefined;
    if (name !== undefined) {
      templates.template(node, { ...place, roots: ['secrets'] }, () => true);
      return [name];
    }
    reader.report.error('bad-value', placeOf(node, entry.keyRange), message("'secret' is a reference such as {code}: a secret is never in the file itself.", { code: '${{ secrets.NAME }}' }));
    return [];
  });
}

