import * as vscode from 'vscode';
import { schemes } from '../ids.ts';

/** Texts that are made for looking: read-only, so that nobody is asked to save them, and forgotten when they are closed. */
export class ShownTexts implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(schemes.text, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === schemes.text) this.#texts.delete(uri.path);
      }),
    );
  }

  /** `name`: of the tab; another text of the same name takes its place. Returns its URI. */
  async show(name: string, text: string, options: Pick<vscode.TextDocumentShowOptions, 'preserveFocus'> = {}): Promise<string> {
    const uri = vscode.Uri.from({ scheme: schemes.text, path: `/${name}` });
    this.#texts.set(uri.path, text);
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true, viewColumn: vscode.ViewColumn.Beside, ...options });
    return uri.toString();
  }

  provideTextDocumentContent({ path }: vscode.Uri): string {
    return this.#texts.get(path) ?? '';
  }
}
