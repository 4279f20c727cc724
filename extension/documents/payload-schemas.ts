import * as vscode from 'vscode';
import { schemes } from '../base/ids.ts';
import { payloadSchemaText } from './payload-schema.ts';

/** Hands the schemas of actions' inputs to VS Code's JSON support, which checks and completes payloads of dead letters with them. */
export function registerPayloadSchemas(): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(schemes.schema, { provideTextDocumentContent: ({ path }) => payloadSchemaText(path) });
}
