import type { JobDetail } from '../../schemas/protocol/job.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import { say } from '../wording/language.ts';

export type CurlText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

/** Actions whose jobs are one HTTP call. */
export const curlActions: readonly string[] = ['http/request', 'webhook/send'];

/**
 * The call of a job as a `curl` command for a POSIX shell. No credential is in it: a reference to a secret becomes a variable of its
 * name (`"$PEOPLE_API"`), and so does a literal value in a place whose name says that it is one (a header `authorization`, a field `password`).
 */
export function curlText(job: Pick<JobDetail, 'id' | 'uses' | 'payload' | 'idempotencyKey' | 'createdAt'>): CurlText {
  const { payload } = job;
  if (!curlActions.includes(job.uses)) return { ok: false, message: say('{job} does {uses}, which is no HTTP call.', { job: job.id, uses: job.uses }) };
  if (!isJsonObject(payload) || typeof payload['url'] !== 'string') return { ok: false, message: say('The payload of {job} has no URL.', { job: job.id }) };
  const variables = new Variables(JSON.stringify(payload));
  const call = job.uses === 'webhook/send' ? webhookCall(payload, job) : requestCall(payload, job);
  const url = urlText(variables.mark(payload['url']), variables, payload['query']);
  const words = [
    `curl${methodOption(call)}${/[[\]{}]/.test(url) ? ' --globoff' : ''} ${variables.quote(url)}`,
    ...Object.entries(call.headers).map(([name, value]) => `--header ${variables.quote(`${name}: ${variables.hide(name, headerText(value))}`)}`),
    ...dataOptions(call, variables),
  ];
  return { ok: true, text: `${words.join(' \\\n  ')}\n` };
}

interface Call {
  readonly method: string;
  readonly headers: Readonly<Record<string, Json>>;
  readonly json?: Json;
  readonly form?: Json;
  readonly text?: string;
}

function requestCall({ method, headers, json, form, text }: JsonObject, { idempotencyKey }: Pick<JobDetail, 'idempotencyKey'>): Call {
  const type = json !== undefined ? 'application/json' : typeof text === 'string' ? 'text/plain; charset=utf-8' : undefined;
  return {
    method: typeof method === 'string' ? method : 'GET',
    headers: { 'idempotency-key': idempotencyKey, ...(type === undefined ? {} : { 'content-type': type }), ...lowerCased(headers) },
    ...(json !== undefined ? { json } : form !== undefined ? { form } : typeof text === 'string' ? { text } : {}),
  };
}

/** Without its signature, which covers the time of sending and so can't be handed on. */
function webhookCall({ headers, body = null, type }: JsonObject, { idempotencyKey, createdAt }: Pick<JobDetail, 'idempotencyKey' | 'createdAt'>): Call {
  return {
    method: 'POST',
    headers: { ...lowerCased(headers), 'content-type': 'application/json', 'webhook-id': idempotencyKey },
    json: type === undefined ? body : { type, timestamp: createdAt, data: body },
  };
}

function lowerCased(headers: Json | undefined): Readonly<Record<string, Json>> {
  return isJsonObject(headers) ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])) : {};
}

/** The schema admits texts and numbers; what a person left in a payload that failed need not fit it. */
function headerText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function methodOption({ method, json, form, text }: Call): string {
  // `--request HEAD` would make curl wait for a body that never comes.
  if (method === 'HEAD') return ' --head';
  const isDefault = method === (json === undefined && form === undefined && text === undefined ? 'GET' : 'POST');
  return isDefault ? '' : ` --request ${method}`;
}

function dataOptions({ json, form, text }: Call, variables: Variables): string[] {
  if (json !== undefined) return [`--data-raw ${variables.quote(JSON.stringify(hideDeep(json, variables)))}`];
  if (text !== undefined) return [`--data-raw ${variables.quote(variables.mark(text))}`];
  // `--data-urlencode` splits at the first `=`, and would read a file where the text began with `@`.
  return pairs(form).map(([name, value]) => `--data-urlencode ${variables.quote(`${encodeURIComponent(name)}=${variables.hide(name, value)}`)}`);
}

function urlText(marked: string, variables: Variables, query: Json | undefined): string {
  if (!URL.canParse(marked)) return marked;
  const url = new URL(marked);
  if (url.password !== '') url.password = variables.markName('PASSWORD');
  for (const [name, value] of [...url.searchParams]) {
    if (isCredential(name)) url.searchParams.set(name, variables.hide(name, value));
  }
  for (const [name, value] of pairs(query)) url.searchParams.append(name, variables.hide(name, value));
  return url.href;
}

function pairs(fields: Json | undefined): [string, string][] {
  if (!isJsonObject(fields)) return [];
  return Object.entries(fields).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? (value as readonly Json[]) : [value];
    return values.filter((one) => one !== null && typeof one !== 'object').map((one): [string, string] => [name, String(one)]);
  });
}

function hideDeep(value: Json, variables: Variables): Json {
  if (typeof value === 'string') return variables.mark(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => hideDeep(item, variables));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, typeof item === 'string' ? variables.hide(name, item) : hideDeep(item, variables)]));
}

function isCredential(name: string): boolean {
  return /authorization|cookie|passw|secret|token|api[-_]?key|credential|signature|^auth$|^x-auth|^(access|private)[-_]?key/i.test(name) && !/idempotency/i.test(name);
}

const reference = /\$\{\{ secrets\.([A-Za-z_][A-Za-z0-9_]*) \}\}/g;

/** Stands in for shell variables while the parts of a command are put together: URLs and JSON leave its marks as they are. */
class Variables {
  readonly #prefix: string;
  readonly #names: string[] = [];

  /** `text`: all that the command is made of; no mark is in it by chance. */
  constructor(text: string) {
    let prefix = 'sluicevariable';
    while (text.includes(prefix)) prefix += 'x';
    this.#prefix = prefix;
  }

  /** The text with each reference to a secret as a mark. */
  mark(text: string): string {
    return text.replace(reference, (_, name: string) => this.markName(name));
  }

  markName(name: string): string {
    if (!this.#names.includes(name)) this.#names.push(name);
    return `${this.#prefix}${this.#names.indexOf(name)}z`;
  }

  /** A value in a place of this name: as it is, but for its secrets. */
  hide(name: string, value: string): string {
    const marked = this.mark(value);
    const isHidden = marked.includes(this.#prefix) || value === '' || !isCredential(name);
    return isHidden ? marked : this.markName(name.toUpperCase().replace(/[^A-Z0-9]+/g, '_').replace(/^(?=\d)|^$/, '_'));
  }

  /** One word of the shell: in single quotes, if nothing is special, and the marks as variables in double ones. */
  quote(text: string): string {
    const words = text.split(new RegExp(`${this.#prefix}(\\d+)z`)).map((part, index) => (index % 2 === 1 ? `"$${this.#names[Number(part)] ?? ''}"` : part === '' ? '' : `'${part.replaceAll("'", String.raw`'\''`)}'`));
    return words.join('') === '' ? "''" : words.join('');
  }
}
