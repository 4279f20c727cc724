import * as vscode from 'vscode';
import type { Projects } from '../project/projects.ts';
import { say } from '../wording/language.ts';

/** What every question needs: who asks, and the projects that it may be about. */
export interface Asking {
  readonly ask: Prompter;
  readonly projects: Projects;
}

export interface Confirmation {
  readonly question: string;
  /** What it means, in sentences. */
  readonly detail: string;
  /** What the button says: a verb. */
  readonly verb: string;
}

/** Every way in which the extension asks a person; tests answer in their place. */
export interface Prompter {
  /** Undefined if the person gave up, here and below. A promise is of a list that is not empty: the person sees meanwhile that it is being made. */
  pick<T extends vscode.QuickPickItem>(items: readonly T[] | Promise<readonly T[]>, options: vscode.QuickPickOptions): Promise<T | undefined>;
  pickMany<T extends vscode.QuickPickItem>(items: readonly T[], options: vscode.QuickPickOptions): Promise<readonly T[] | undefined>;
  input(options: vscode.InputBoxOptions): Promise<string | undefined>;
  file(options: vscode.OpenDialogOptions): Promise<Pick<vscode.Uri, 'fsPath'> | undefined>;
  /** Where a new file goes. */
  saveFile(options: vscode.SaveDialogOptions): Promise<Pick<vscode.Uri, 'fsPath'> | undefined>;
  /** For what can't be taken back. */
  confirm(confirmation: Confirmation): Promise<boolean>;
  /** The same, with other ways out: answers with the verb that was chosen. */
  decide(confirmation: Confirmation, ...otherVerbs: readonly string[]): Promise<string | undefined>;
  /** A message with actions; answers with the one that was chosen. */
  tell(severity: 'information' | 'warning' | 'error', message: string, ...actions: readonly string[]): Promise<string | undefined>;
}

/** Asks in VS Code's window. */
export const windowPrompter: Prompter = {
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
  void vscode.window.showInformationMessage([placeHolder, say('There is nothing to choose from.')].filter((part) => part !== undefined && part !== '').join(' '));
  return true;
}
