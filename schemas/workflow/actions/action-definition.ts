import type { ConnectionType } from '../connections/connection.ts';
import type { JsonObject } from '../json.ts';
import { message, type Message } from '../../wording/message.ts';

/**
 * What the language knows of an action: its name and the JSON Schemas (2020-12) of `with` and of a step's `output`.
 * A property that may hold `${{ secrets.NAME }}` bears `"x-secret": true` in the input schema (on a map: all its values).
 * The code that carries an action out is in `daemon/actions/`, in a file of the same name.
 */
export interface ActionDefinition {
  /** As in `uses`: `http/request`. */
  readonly name: string;
  /** One sentence, shown in completion and in the reference. */
  readonly summary: string;
  readonly input: JsonObject;
  /** The key of `with` that holds code of another language. No expression can stand in it: a value that is put into code becomes code. */
  readonly code?: string;
  /** Of which types the connection can be that `connection` of `with` names. Left out: it names none. */
  readonly connection?: readonly ConnectionType[];
  /** The key of `with` that names a file which is written. */
  readonly outputFile?: string;
  /** Headers that the action sets itself, in lower case; `headers` of `with` can't. */
  readonly ownHeaders?: readonly string[];
  readonly output: JsonObject;
}

/**
 * Rules of requests that a JSON Schema can't say. The editor and the action apply the same ones, so that what is valid can be sent.
 */
/** Credentials in front of a host (RFC 3986, 3.2.1). */
const credentials = /^\s*https?:\/\/[^/?#\\]+@/i;
const expressions = /\$\{\{[^]*?\}\}/g;

/** What to say of a URL with credentials. Never repeats it: it may hold a secret. */
export const credentialsInUrl = message(
  '`url` must not hold a user or password, which would be kept and shown with it: put them into the `authorization` header, as "{code}" with `user:password` in base64 as the secret.',
  { code: 'Basic ${{ secrets.NAME }}' },
);

/** What to say of what can't be called. Doesn't repeat it either. */
export const urlIsNone = message('`url` must be an absolute http: or https: URL, such as https://api.example.com/people.');

export const pathIsNone = message("`url` must be a path below the connection's URL, such as /contacts, or an absolute URL of the same origin.");

/**
 * What is wrong with a URL, which may hold expressions: then what is written before the first one is judged, as far as it can be. `suggestion`: what was
 * probably meant. A lone word is left alone: it is what one has typed so far.
 */
export function urlProblem(url: string): { readonly message: Message; readonly suggestion?: string } | undefined {
  if (hasCredentials(url)) return { message: credentialsInUrl };
  const at = url.indexOf('${{');
  const start = (at < 0 ? url : url.slice(0, at)).trim();
  if (/^\w*$/.test(start)) return undefined;
  const isHost = /^(?:[\w-]+\.)+[A-Za-z]{2,}(?:[:/?#]|$)/.test(start);
  const suggestion = isHost ? { suggestion: `https://${url.trim()}` } : {};
  if (at < 0) {
    const parsed = URL.parse(url);
    return parsed?.protocol === 'http:' || parsed?.protocol === 'https:' ? undefined : { message: urlIsNone, ...suggestion };
  }
  // `https` alone may go on in the expression; a path, a host or another scheme doesn't become a URL by it.
  const isOther = /^[./?#]/.test(start) || isHost || (/^[a-z][a-z0-9+.-]*:\/\//i.test(start) && !/^https?:/i.test(start));
  return isOther ? { message: urlIsNone, ...suggestion } : undefined;
}

/** The same for a URL below that of a connection, which may be a path. */
export function pathProblem(url: string): { readonly message: Message; readonly suggestion?: string } | undefined {
  if (hasCredentials(url)) return { message: credentialsInUrl };
  // Another scheme, or a host without one, is no path below the connection's URL.
  return /^\s*(?:(?!https?:)[a-z][a-z0-9+.-]*:|\/\/|\\)/i.test(url) ? { message: pathIsNone } : undefined;
}

/** Whether a URL, which may hold expressions, has credentials in front of its host. */
function hasCredentials(url: string): boolean {
  return credentials.test(url.replace(expressions, 'x'));
}

/**
 * Two headers of one name, which HTTP compares without case, or one of `reserved` (in lower case) that is written in another case, which its
 * schema lets pass: the first that is found.
 */
export function headerProblem(names: readonly string[], reserved: readonly string[] = []): { readonly name: string; readonly message: Message } | undefined {
  const seen = new Map<string, string>();
  for (const name of names) {
    const lower = name.toLowerCase();
    const other = seen.get(lower);
    if (other !== undefined && other !== name) return { name, message: message('The headers {other} and {name} are the same, because upper and lower case make no difference: only one of them can be sent.', { other, name }) };
    if (reserved.includes(lower) && name !== lower) return { name, message: message("The header {name} is set by the action itself, and can't be set here.", { name }) };
    seen.set(lower, name);
  }
  return undefined;
}
