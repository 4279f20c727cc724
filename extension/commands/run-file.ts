import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askWorkflow } from '../ask/ask-workflow.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';
import { startRun } from './start-run.ts';

/** Runs the workflow of the editor, saved first: what runs is what is on the disk. */
export const runFile: Command = {
  id: commands.runFile,
  acts: true,
  run: async (app, argument) => {
    const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
    const project = uri === undefined ? undefined : app.projects.ofFile(uri);
    if (uri === undefined || project === undefined) {
      await app.ask.tell('information', l10n.t('Open a workflow of a project in the editor, or use "Sluice: Run Workflow…".'));
      return undefined;
    }
    await vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString())?.save();
    const file = uri.path.slice(vscode.Uri.parse(project.folder).path.length + 1);
    const asked = await askWorkflow(app, { folder: project.folder, file }, '');
    return asked === undefined ? undefined : startRun(app, asked);
  },
};
