import * as vscode from 'vscode';
import { schemes } from '../base/ids.ts';

/** Texts that are made for looking: read-only, so that nobody is asked to save them, and forgotten when they are closed. */
export class ShownTexts implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  #count = 0;

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(schemes.text, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === schemes.text) this.#texts.delete(uri.toString());
      }),
    );
  }

  /** `name`: of the tab. Returns its URI, which no other text has: VS Code would show what it knows of it already. */
  async show(name: string, text: string, options: Pick<vscode.TextDocumentShowOptions, 'preserveFocus'> = {}): Promise<string> {
    const uri = vscode.Uri.from({ scheme: schemes.text, path: `/${name}`, query: String(++this.#count) });
    this.#texts.set(uri.toString(), text);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true, viewColumn: vscode.ViewColumn.Beside, ...options });
    return uri.toString();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }
}
