import type * as vscode from 'vscode';

export interface Confirmation {
  readonly question: string;
  /** What it means, in sentences. */
  readonly detail: string;
  /** What the button says: a verb. */
  readonly verb: string;
}

/** Every way in which the extension asks a person; tests answer in their place. */
export interface Asker {
  /** Undefined where the person gave up, here and below. A promise is of a list that is not empty: the person sees meanwhile that it is being made. */
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
