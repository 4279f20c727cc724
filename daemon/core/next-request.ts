import type { JobError } from '../../schemas/protocol/shape.ts';
import { message } from '../../schemas/wording/message.ts';
import { sha256OfText } from '../../schemas/workflow/expression/functions/encoding.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { SecretUse } from '../../schemas/workflow/template.ts';
import { jobError } from './job-error.ts';
import { maxKey, nameOf } from './foreach-items.ts';
import { mask } from './mask.ts';
import type { Successor } from './page.ts';

/** Where a page was read. */
export interface PagePlace {
  /** What answered, behind all redirects; secrets in it are masked. Links in the page are relative to it. */
  readonly url: string;
  /** Of the URL that was called first: what its credentials are for. */
  readonly origin: string;
}

export interface PageRequest {
  readonly payload: JsonObject;
  readonly secrets: readonly SecretUse[];
  /** The same for the same request. At most `maxKey` characters. */
  readonly key: string;
}

/**
 * The payload of the job that reads the next page, made of that of this one: what a person has changed in it is kept. A link is complete: of the query of `with`, only what
 * holds a secret is added, since no API gives that back.
 */
export function nextRequest(payload: JsonObject, secrets: readonly SecretUse[], successor: NonNullable<Successor>, place: PagePlace): PageRequest | JobError {
  if (successor.kind === 'link') return linkRequest(payload, secrets, successor.link, place);
  const { query } = payload;
  if (query !== undefined && !isJsonObject(query)) return jobError('invalid', 'next page', message('`query` of `with` must be a map for `paginate.query` to be added to it, and is {what}.', { what: nameOf(query) }));
  if (JSON.stringify(successor.query).includes(mask)) return jobError('invalid', 'secret in a link', message("The query of the next page holds a secret, which isn't kept with a job. Put the secret into `query` of `with`, or into a header."));
  const names = Object.keys(successor.query).sort();
  return {
    payload: { ...payload, query: { ...query, ...successor.query } },
    secrets: secrets.filter(({ path }) => path[0] !== 'query' || !names.includes(String(path[1]))),
    key: keyOf(JSON.stringify(names.map((name) => [name, successor.query[name] ?? null]))),
  };
}

/** What tells the page that was read from others; a link to it leads back to it. */
export function keyOfPlace({ url }: PagePlace): string {
  const parsed = URL.parse(url);
  return parsed === null ? keyOf(url) : keyOfUrl(parsed);
}

function linkRequest({ query, ...rest }: JsonObject, secrets: readonly SecretUse[], link: string, place: PagePlace): PageRequest | JobError {
  const url = URL.parse(link, place.url);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return jobError('invalid', 'next page', message('The link to the next page is no URL: {link}.', { link: short(link) }));
  if (url.username !== '' || url.password !== '') return jobError('invalid', 'next page', message('The link to the next page has a user or a password before its host, which is not followed.'));
  url.hash = '';
  const kept = secretParameters(query, secrets);
  for (const name of Object.keys(kept)) if (url.searchParams.has(name)) url.searchParams.delete(name);
  if (url.href.includes(mask)) {
    return jobError('invalid', 'secret in a link', message("The link to the next page holds a secret, which isn't kept with a job: {link}. Put the secret into `query` of `with`, from where each page gets it, or into a header; or use `query` of `paginate` instead of `next`.", { link: short(url.href) }));
  }
  const payload: JsonObject = { ...rest, url: url.href, ...(Object.keys(kept).length === 0 ? {} : { query: kept }) };
  const left = secrets.filter(({ path: [first, second] }) => first !== 'url' && (first !== 'query' || Object.hasOwn(kept, String(second))));
  if (url.origin !== place.origin && hasCredentials(payload, left)) {
    return jobError('invalid', 'another origin', message("The link to the next page leads to {origin}, and the step calls {own}: its connection, headers and body go nowhere else.", { origin: url.origin, own: place.origin }));
  }
  return { payload, secrets: left, key: keyOfUrl(url) };
}

/** Parameters of the query that hold a secret. */
function secretParameters(query: Json | undefined, secrets: readonly SecretUse[]): JsonObject {
  const names = new Set(secrets.flatMap(({ path: [first, name] }) => (first === 'query' && typeof name === 'string' ? [name] : [])));
  return isJsonObject(query) ? Object.fromEntries(Object.entries(query).filter(([name]) => names.has(name))) : {};
}

/** Whether anything in it may be a credential: they go by any name, so it is whatever a link alone doesn't have. */
function hasCredentials(payload: JsonObject, secrets: readonly SecretUse[]): boolean {
  return secrets.length > 0 || ['connection', 'headers', 'json', 'form', 'text', 'multipart'].some((field) => payload[field] !== undefined && payload[field] !== null);
}

function keyOfUrl(url: URL): string {
  const plain = new URL(url);
  plain.hash = '';
  return keyOf(plain.href);
}

/** The text itself where it is short enough to be read. */
function keyOf(text: string): string {
  return text.length <= maxKey ? text : `${text.slice(0, maxKey - 65)} ${sha256OfText(text)}`;
}

function short(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
