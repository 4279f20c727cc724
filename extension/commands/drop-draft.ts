import * as l10n from '@vscode/l10n';
import { askDeadLetter } from '../documents/ask-dead-letter.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** Goes back to the payload that the daemon has. */
export const dropDraft: Command = {
  id: commands.dropDraft,
  acts: false,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, l10n.t("Which dead letter's edit is to be dropped?"));
    if (asked === undefined || app.drafts.get(asked.uri.toString()) === undefined) return false;
    const isSure = await app.ask.confirm({
      question: l10n.t('Drop the edited payload of {0}?', asked.job),
      detail: l10n.t("The editor goes back to the payload that the daemon has. What was edited can't be brought back."),
      verb: l10n.t('Drop Edit'),
    });
    if (isSure) await app.deadLetterFiles.changed(asked.uri);
    return isSure;
  },
};
