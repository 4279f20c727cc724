import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import { askToStop } from './ask-to-stop.ts';
import type { Command } from './command.ts';

export const stopDaemon: Command = {
  id: commands.stopDaemon,
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined || !(await askToStop(app.ask, project, l10n.t('Stop the daemon of {0}?', project.name), l10n.t('Stop Daemon')))) return undefined;
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Stopping the daemon of {0}', project.name) }, () => project.connection.stop());
    return project.connection.state.kind;
  },
};
