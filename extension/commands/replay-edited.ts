import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askDeadLetter } from '../documents/ask-dead-letter.ts';
import { readPayload } from '../documents/payload-edit.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** Saves the payload in the editor and replays its job with it. Without an edit, the payload goes out as it is. */
export const replayEdited: Command = {
  id: commands.replayEdited,
  acts: true,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, l10n.t('Which dead letter is to be replayed?'));
    if (asked === undefined) return undefined;
    const { folder, job, uri } = asked;
    const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
    if (document?.isDirty === true && !(await document.save())) return undefined;
    const draft = app.drafts.get(uri.toString());
    const edit = draft === undefined ? undefined : readPayload(draft.text);
    if (edit?.ok === false) {
      void app.ask.tell('error', edit.message);
      return undefined;
    }
    const daemon = await app.projects.daemonOf(folder);
    const result = await daemon.call('dead/replay', { ids: [job], ...(edit === undefined ? {} : { payload: edit.payload }) });
    await app.deadLetterFiles.changed(uri);
    void app.ask.tell('information', edit === undefined ? l10n.t('{0} was replayed as it is.', job) : l10n.t('{0} was replayed with the edited payload.', job));
    return result.replayed;
  },
};
