import * as l10n from '@vscode/l10n';
import { askDeadLetter } from '../documents/ask-dead-letter.ts';
import { commands } from '../ids.ts';
import { formatAge } from '../wording/language.ts';
import type { Command } from './command.ts';

/** Goes back to the payload that was sent. */
export const dropDraft: Command = {
  id: commands.dropDraft,
  acts: true,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, l10n.t("Which dead letter's edit is to be dropped?"));
    if (asked === undefined) return false;
    const { folder, job, uri } = asked;
    const daemon = await app.projects.daemonOf(folder);
    const { draft } = await daemon.call('job/get', { id: job });
    if (draft === undefined) {
      void app.ask.tell('information', l10n.t('{0} has no saved edit.', job));
      return false;
    }
    const age = formatAge(draft.savedAt, Date.now());
    const isSure = await app.ask.confirm({
      question: l10n.t('Drop the edited payload of {0}?', job),
      detail:
        draft.savedBy === undefined
          ? l10n.t("It was saved {0}. The next replay sends what was sent before, and the edit can't be brought back.", age)
          : l10n.t("{1} saved it {0}. The next replay sends what was sent before, and the edit can't be brought back.", age, draft.savedBy),
      verb: l10n.t('Drop Edit'),
    });
    if (!isSure) return false;
    await daemon.call('draft/drop', { id: job, baseRevision: draft.revision });
    await app.deadLetterFiles.changed(uri);
    return true;
  },
};
