import * as vscode from 'vscode';
import { documentUri, type DocumentAddress } from './document-address.ts';

/** Opens a document of ours. Answers with its URI. */
export async function showDocument(address: DocumentAddress): Promise<string> {
  const uri = vscode.Uri.from(documentUri(address));
  const opened = await vscode.workspace.openTextDocument(uri);
  const document = uri.path.endsWith('.jsonc') ? await vscode.languages.setTextDocumentLanguage(opened, 'jsonc') : opened;
  await vscode.window.showTextDocument(document, { preview: true });
  return uri.toString();
}
