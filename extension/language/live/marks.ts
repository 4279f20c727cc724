import * as vscode from 'vscode';

/** Diagnostics of documents, drawn anew only where something is otherwise than before: each setting of them makes the editor draw. */
export class Marks<Mark extends vscode.Diagnostic> implements vscode.Disposable {
  readonly #collection: vscode.DiagnosticCollection;
  readonly #shown = new Map<string, { readonly text: string; readonly marks: readonly Mark[] }>();
  readonly #closing: vscode.Disposable;

  /** @param name tells the collection from others; nobody sees it */
  constructor(name: string) {
    this.#collection = vscode.languages.createDiagnosticCollection(name);
    this.#closing = vscode.workspace.onDidCloseTextDocument(({ uri }) => this.set(uri, []));
  }

  set(uri: vscode.Uri, marks: readonly Mark[]): void {
    const key = uri.toString();
    const text = marks.map(({ range, message }) => `${range.start.line}:${range.start.character} ${message}`).join('\n');
    if ((this.#shown.get(key)?.text ?? '') === text) return;
    if (text === '') this.#shown.delete(key);
    else this.#shown.set(key, { text, marks });
    this.#collection.set(uri, marks);
  }

  of(uri: vscode.Uri): readonly Mark[] {
    return this.#shown.get(uri.toString())?.marks ?? [];
  }

  dispose(): void {
    this.#closing.dispose();
    this.#collection.dispose();
  }
}
