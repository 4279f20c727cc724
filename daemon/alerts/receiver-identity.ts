import { createHash } from 'node:crypto';
import { urlText } from '../../schemas/workflow/analysis/alert-receiver-analysis.ts';
import type { AlertTarget } from '../../schemas/workflow/alert-receiver.ts';
import { secretsOf } from '../../schemas/workflow/template.ts';

/** Under which the store keeps what a receiver was told. The same as long as its target is; a URL that is in the file itself can't be read from it. */
export function receiverId(target: AlertTarget): string {
  const what = target.kind === 'email' ? ['email', target.connection, ...[...target.to].sort()] : ['webhook', urlText(target.url)];
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 24);
}

/** What people call it. Never the path of a URL, which is a secret of most chats. */
export function receiverName(target: AlertTarget): string {
  if (target.kind === 'email') return target.to.join(', ');
  const [secret] = secretsOf(target.url);
  if (target.url.kind === 'literal') return URL.parse(urlText(target.url))?.host ?? 'webhook';
  const first = target.url.kind === 'text' ? target.url.parts[0] : undefined;
  const host = typeof first === 'string' ? /^https?:\/\/([^/?#\s]+)[/?#]/.exec(first)?.[1] : undefined;
  return host ?? (secret === undefined ? 'webhook' : `secrets.${secret}`);
}
