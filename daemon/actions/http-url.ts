import { credentialsInUrl, urlIsNone } from '../../schemas/workflow/actions/action-definition.ts';
import { type ActionFailure, invalidInput } from './action.ts';
import { english } from '../../schemas/wording/language.ts';

/** Reads an absolute HTTP URL, or says why it isn't one. The message doesn't repeat it: it may hold a secret. */
export function readUrl(text: string): URL | ActionFailure {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return invalidInput('invalid url', english.textOf(urlIsNone));
  }
  return url.username === '' && url.password === '' ? url : invalidInput('invalid url', english.textOf(credentialsInUrl));
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
