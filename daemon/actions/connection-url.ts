import { message } from '../../schemas/wording/message.ts';
import { pathIsNone } from '../../schemas/workflow/actions/action-definition.ts';
import { type ActionFailure, invalidInput } from './action.ts';
import { readUrl } from './http-input.ts';

/**
 * Where a call of a connection goes: `text` is a path below the connection's URL, or an absolute URL of its origin, such as a link that it has answered with. What leads elsewhere is
 * refused, however it is written: a value that an expression has put into a path can't send credentials to another host, nor leave what the connection is for.
 */
export function connectionUrl(base: string, text: string): URL | ActionFailure {
  const root = new URL(base);
  if (/^\s*https?:/i.test(text)) {
    const url = readUrl(text);
    if (!(url instanceof URL) || url.origin === root.origin) return url;
    return invalidInput('another origin', message('`url` leads to {origin}, and the connection is one to {own}: its headers and credentials go nowhere else. Call it without the connection.', { origin: url.origin, own: root.origin }));
  }
  const folder = root.pathname.replace(/\/+$/, '');
  const separator = text === '' || /^[/?]/.test(text) ? '' : '/';
  const url = URL.parse(`${root.origin}${folder}${separator}${text}`);
  if (url === null || url.origin !== root.origin || /^\s*[/\\]{2}/.test(text)) return invalidInput('invalid url', pathIsNone);
  if (url.pathname !== folder && !url.pathname.startsWith(`${folder}/`)) return invalidInput('invalid url', message('`url` leads out of {folder}/ of {host}, which the connection is for.', { folder, host: root.host }));
  return url;
}
