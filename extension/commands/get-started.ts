import * as vscode from 'vscode';
import { commands, walkthrough } from '../ids.ts';
import type { Command } from './command.ts';

/** The first steps, in a tab that stays: the files that they open would take the place of a preview. */
export const getStarted: Command = {
  id: commands.getStarted,
  acts: false,
  run: async () => {
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', walkthrough);
    await vscode.commands.executeCommand('workbench.action.keepEditor');
  },
};
