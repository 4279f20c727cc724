import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Asker } from './asker.ts';

/** Asks in VS Code's window. */
export const windowAsker: Asker = {
  pick: async (items, options) => (tellEmpty(items, options) ? undefined : vscode.window.showQuickPick(items, { matchOnDescription: true, matchOnDetail: true, ...options })),
  pickMany: async (items, options) => (tellEmpty(items, options) ? undefined : vscode.window.showQuickPick(items, { matchOnDescription: true, matchOnDetail: true, ...options, canPickMany: true })),
  input: async (options) => vscode.window.showInputBox({ ignoreFocusOut: true, ...options }),
  file: async (options) => (await vscode.window.showOpenDialog(options))?.[0],
  saveFile: async (options) => vscode.window.showSaveDialog(options),
  confirm: async ({ question, detail, verb }) => (await vscode.window.showWarningMessage(question, { modal: true, detail }, verb)) === verb,
  decide: async ({ question, detail, verb }, ...otherVerbs) => vscode.window.showWarningMessage(question, { modal: true, detail }, verb, ...otherVerbs),
  tell: async (severity, message, ...actions) => {
    switch (severity) {
      case 'information':
        return vscode.window.showInformationMessage(message, ...actions);
      case 'warning':
        return vscode.window.showWarningMessage(message, ...actions);
      case 'error':
        return vscode.window.showErrorMessage(message, ...actions);
    }
  },
};

/** VS Code would show an empty list and no word about it. Whether the list is empty. */
function tellEmpty(items: readonly unknown[] | Promise<unknown>, { placeHolder }: vscode.QuickPickOptions): boolean {
  if (!Array.isArray(items) || items.length > 0) return false;
  void vscode.window.showInformationMessage([placeHolder, l10n.t('There is nothing to choose from.')].filter((part) => part !== undefined && part !== '').join(' '));
  return true;
}
