import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askAttempts } from '../ask/ask-attempts.ts';
import { documentUri } from '../documents/document-address.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** Two attempts of a job, side by side. */
export const compareAttempts: Command = {
  id: commands.compareAttempts,
  acts: false,
  run: async (app, argument, selected) => {
    const asked = await askAttempts(app, argument, selected, 2);
    const [one, other] = asked?.attempts ?? [];
    if (asked === undefined || one === undefined || other === undefined) return;
    const uriOf = (attempt: number): vscode.Uri => vscode.Uri.from(documentUri({ folder: asked.project.folder, subject: { kind: 'attempt', job: asked.job, attempt } }));
    await vscode.commands.executeCommand('vscode.diff', uriOf(one), uriOf(other), l10n.t('{0}: attempt {1} ↔ {2}', asked.job, one, other));
  },
};
