import * as vscode from 'vscode';
import { commands, walkthrough } from '../ids.ts';
import type { Command } from './command.ts';

/** How long VS Code may take to open a tab, in milliseconds. */
const tabLimitMs = 5_000;

/** The first steps, in a tab that stays: the files that they open would take the place of a preview. */
export const getStarted: Command = {
  id: commands.getStarted,
  acts: false,
  run: async () => {
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', walkthrough);
    await tabOfFirstSteps();
    await vscode.commands.executeCommand('workbench.action.keepEditor');
  },
};

/** The command that opens them doesn't wait for their tab. */
async function tabOfFirstSteps(): Promise<void> {
  // VS Code tells extensions nothing of what such a tab shows.
  const isThere = (): boolean => {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    return tab !== undefined && tab.input === undefined;
  };
  if (isThere()) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const listening = vscode.window.tabGroups.onDidChangeTabs(() => {
    if (isThere()) resolve(undefined);
  });
  const timer = setTimeout(() => resolve(undefined), tabLimitMs);
  await promise;
  clearTimeout(timer);
  listening.dispose();
}
