import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { followReplay } from '../dead-letters/replay-follow.ts';
import { askDeadLetter } from '../documents/ask-dead-letter.ts';
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
    // VS Code says why it couldn't be saved; nothing is sent then.
    if (document?.isDirty === true && !(await document.save())) return undefined;
    const project = app.projects.get(folder);
    if (project === undefined) return undefined;
    const daemon = await project.connection.ensure();
    const sent = await followReplay(app, [{ project, daemon, ids: [job], edited: 0 }], { way: { kind: 'all' }, originals: false });
    await app.deadLetterFiles.changed(uri);
    return sent.tell().done;
  },
};
