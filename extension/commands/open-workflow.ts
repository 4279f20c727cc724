import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askWorkflow } from '../ask/ask-workflow.ts';
import { commands } from '../ids.ts';
import { readTarget } from '../target.ts';
import type { Command } from './command.ts';

export const openWorkflow: Command = {
  id: commands.openWorkflow,
  acts: false,
  run: async (app, argument) => {
    const target = readTarget(argument);
    // A file can be opened without a daemon.
    if (target?.file !== undefined) return show(target.folder, target.file);
    const asked = await askWorkflow(app, argument, l10n.t('Which workflow is to be opened?'));
    return asked === undefined ? undefined : show(asked.project.folder, asked.workflow.file);
  },
};

async function show(folder: string, file: string): Promise<string> {
  const uri = vscode.Uri.joinPath(vscode.Uri.parse(folder), file);
  await vscode.window.showTextDocument(uri, { preview: true });
  return uri.toString();
}
