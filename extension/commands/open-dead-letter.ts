import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askDeadLetter } from '../documents/ask-dead-letter.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** Its payload, to be edited and replayed. */
export const openDeadLetter: Command = {
  id: commands.openDeadLetter,
  acts: false,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, l10n.t('Which dead letter is to be opened?'));
    if (asked !== undefined) await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(asked.uri), { preview: true });
    return asked?.uri.toString();
  },
};
