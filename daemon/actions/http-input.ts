import { credentialsInUrl, headerProblem, urlIsNone } from '../../schemas/workflow/actions/action-definition.ts';
import { type ActionFailure, invalidInput } from './action.ts';

/** Reads an absolute HTTP URL, or says why it isn't one. The message doesn't repeat it: it may hold a secret. */
export function readUrl(text: string): URL | ActionFailure {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return invalidInput('invalid url', urlIsNone);
  }
  return url.username === '' && url.password === '' ? url : invalidInput('invalid url', credentialsInUrl);
}

/**
 * The URL with these parameters behind its own query, which stays as it was written to the letter: a signature may be over it
 * (presigned URLs), and `URLSearchParams` would write its spaces, stars and tildes in another way.
 */
export function appendQuery(url: URL, parameters: readonly [string, string][]): void {
  if (parameters.length === 0) return;
  const added = new URLSearchParams([...parameters]).toString();
  url.search = url.search === '' ? added : `${url.search}${/[?&]$/.test(url.search) ? '' : '&'}${added}`;
}

/** `headers` of `with`, their names in lower case; or why they can't be sent, which the editor has said unless an edit made them. */
export function readHeaders(given: Readonly<Record<string, string | number>> = {}): { readonly headers: Record<string, string> } | ActionFailure {
  const problem = headerProblem(Object.keys(given));
  if (problem !== undefined) return invalidInput('invalid headers', problem.message);
  return { headers: Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), String(value)])) };
}
