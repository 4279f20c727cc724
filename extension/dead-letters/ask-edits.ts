import * as l10n from '@vscode/l10n';
import type { Asker } from '../ask/asker.ts';
import { formatNumber } from '../wording/language.ts';

/** Whether saved edits are sent, or kept and the originals sent; undefined where a person gave up. `edited`: at least one. */
export async function askEdits(ask: Asker, { count, edited, name }: { readonly count: number; readonly edited: number; readonly name: string }): Promise<'send' | 'keep' | undefined> {
  const send = l10n.t('Send the Edits');
  const keep = l10n.t('Send the Originals');
  const rest = count - edited;
  const parts = [
    edited === 1 ? l10n.t('One of them has an edit that was saved and not sent yet.') : l10n.t('{0} of them have edits that were saved and not sent yet.', formatNumber(edited)),
    ...(rest === 0 ? [] : [rest === 1 ? l10n.t('The other one goes out as it is either way.') : l10n.t('The other {0} go out as they are either way.', formatNumber(rest))]),
    l10n.t('Where the originals are sent, the edits are kept.'),
  ];
  const chosen = await ask.decide({ question: l10n.t('Replay {0} dead letters of {1} with their edits?', formatNumber(count), name), detail: parts.join(' '), verb: send }, keep);
  return chosen === send ? 'send' : chosen === keep ? 'keep' : undefined;
}
