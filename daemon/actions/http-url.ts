import { invalidInput } from './action-failure.ts';
import type { ActionFailure } from './action.ts';

/** Reads an absolute HTTP URL, or says why it isn't one. The message doesn't repeat it: it may hold a secret. */
export function readUrl(text: string): URL | ActionFailure {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return invalidInput('invalid url', '`url` must be an absolute http: or https: URL, such as https://api.example.com/people.');
  }
  if (url.username !== '' || url.password !== '') {
    return invalidInput('invalid url', '`url` must not hold a user or password: put them into the `authorization` header.');
  }
  return url;
}
