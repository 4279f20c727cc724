import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import { askToStop } from './ask-to-stop.ts';
import type { Command } from './command.ts';

export const restartDaemon: Command = {
  id: commands.restartDaemon,
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined || !(await askToStop(app.ask, project, l10n.t('Restart the daemon of {0}?', project.name), l10n.t('Restart Daemon')))) return undefined;
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Restarting the daemon of {0}', project.name) }, () => project.connection.restart());
    return project.connection.state.kind;
  },
};
