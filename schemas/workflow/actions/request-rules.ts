/**
 * Rules of requests that a JSON Schema can't say. The editor and the action apply the same ones, so that what is valid can be sent.
 */
import { message, type Message } from '../../wording/message.ts';

/** Credentials in front of a host (RFC 3986, 3.2.1). */
const credentials = /^\s*https?:\/\/[^/?#\\]+@/i;
const expressions = /\$\{\{[^]*?\}\}/g;

/** What to say of a URL with credentials. Never repeats it: it may hold a secret. */
export const credentialsInUrl = message(
  '`url` must not hold a user or password, which would be kept and shown with it: put them into the `authorization` header, as "{code}" with `user:password` in base64 as the secret.',
  { code: 'Basic ${{ secrets.NAME }}' },
);

/** Whether a URL, which may hold expressions, has credentials in front of its host. */
export function hasCredentials(url: string): boolean {
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
