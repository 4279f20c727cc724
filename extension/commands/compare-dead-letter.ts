import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askDeadLetter } from '../documents/ask-dead-letter.ts';
import { documentUri } from '../documents/document-address.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** What was edited, beside what the daemon has. */
export const compareDeadLetter: Command = {
  id: commands.compareDeadLetter,
  acts: false,
  run: async (app, argument) => {
    const asked = await askDeadLetter(app, argument, l10n.t('Which dead letter is to be compared?'));
    if (asked === undefined) return;
    const original = vscode.Uri.from(documentUri({ folder: asked.folder, subject: { kind: 'payload', job: asked.job } }));
    await vscode.commands.executeCommand('vscode.diff', original, asked.uri, l10n.t('{0}: original ↔ edited', asked.job));
  },
};
