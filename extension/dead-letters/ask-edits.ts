import * as l10n from '@vscode/l10n';
import type { Asker } from '../ask/asker.ts';
import { say } from '../wording/language.ts';

/** Whether saved edits are sent, or kept and the originals sent; undefined where a person gave up. `edited`: at least one. */
export async function askEdits(ask: Asker, { count, edited, name }: { readonly count: number; readonly edited: number; readonly name: string }): Promise<'send' | 'keep' | undefined> {
  const send = l10n.t('Send the Edits');
  const keep = l10n.t('Send the Originals');
  const rest = count - edited;
  const parts = [
    say('{count, plural, =1 {One of them has an edit that was saved and not sent yet.} other {# of them have edits that were saved and not sent yet.}}', { count: edited }),
    ...(rest === 0 ? [] : [say('{count, plural, =1 {The other one goes out as it is either way.} other {The other # go out as they are either way.}}', { count: rest })]),
    l10n.t('Where the originals are sent, the edits are kept.'),
  ];
  const chosen = await ask.decide({ question: say('{count, plural, one {Replay # dead letter of {name} with its edit?} other {Replay # dead letters of {name} with their edits?}}', { count, name }), detail: parts.join(' '), verb: send }, keep);
  return chosen === send ? 'send' : chosen === keep ? 'keep' : undefined;
}
