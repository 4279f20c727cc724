import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** The server that the first workflow calls, in a terminal: what it takes and refuses can be seen, and closing the terminal ends it. */
export const startPractice: Command = {
  id: commands.startPractice,
  acts: true,
  run: async ({ programs, projects }) => {
    const name = l10n.t('Sluice Practice Receiver');
    // There it listens where the project's first workflow calls.
    const folder = (projects.all[0] ?? projects.folders[0])?.path;
    const running = vscode.window.terminals.find((one) => one.name === name && one.exitStatus === undefined);
    const terminal =
      running ??
      vscode.window.createTerminal({
        name,
        // VS Code's own Node, so that nothing else has to be installed.
        shellPath: process.execPath,
        shellArgs: ['--disable-warning=ExperimentalWarning', programs.cli, 'practice'],
        ...(folder === undefined ? {} : { cwd: folder }),
        env: { ELECTRON_RUN_AS_NODE: '1' },
        iconPath: new vscode.ThemeIcon('radio-tower'),
        isTransient: true,
      });
    terminal.show(true);
    return name;
  },
};
