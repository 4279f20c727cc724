import * as vscode from 'vscode';
import { analyseFiles, type AnalysedFile, type AnalysedFiles } from '../../../schemas/workflow/analysis/analyse-files.ts';
import { parseDocument, type Document } from '../../../schemas/workflow/document.ts';
import { languageId } from '../../base/ids.ts';
import type { Project } from '../../project/project.ts';
import { placesIn, type Places } from './lenses.ts';
import type { Projects } from '../../project/projects.ts';
import type { Log } from '../../base/log.ts';
import type { Disposable } from '../../base/signal.ts';
import type { ChosenRuns } from './last-runs.ts';

/** What the live numbers need of the window. */
export interface LiveContext {
  readonly projects: Projects;
  readonly chosenRuns: ChosenRuns;
  readonly log: Log;
  readonly subscriptions: Disposable[];
}

/** An open file of a project, as it is in the editor, and what of it has something to show. */
export interface LiveDocument {
  readonly document: vscode.TextDocument;
  readonly project: Project;
  /** From the project's folder, with forward slashes. */
  readonly path: string;
  readonly places: Places;
}

const parsed = new WeakMap<vscode.TextDocument, { readonly version: number; readonly tree: Document }>();
const analysed = new WeakMap<vscode.TextDocument, AnalysedFiles>();

/** Undefined for a file of no project. */
export function liveDocument({ projects }: Pick<LiveContext, 'projects'>, document: vscode.TextDocument): LiveDocument | undefined {
  if (document.languageId !== languageId || document.uri.scheme !== 'file') return undefined;
  const project = projects.ofFile(document.uri);
  if (project === undefined) return undefined;
  const path = document.uri.path.slice(vscode.Uri.parse(project.folder).path.length + 1);
  return { document, project, path, places: placesIn(path, treeOf(document)) };
}

/** Those that somebody sees. */
export function visibleDocuments(context: Pick<LiveContext, 'projects'>): readonly LiveDocument[] {
  const documents = new Set(vscode.window.visibleTextEditors.map(({ document }) => document));
  return [...documents].flatMap((document) => liveDocument(context, document) ?? []);
}

export function rangeIn(document: vscode.TextDocument, { start, end }: { readonly start: number; readonly end: number }): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}

/** What its file says, on its own. A text is analysed once, however often somebody rests the mouse on it or a figure beside it moves. */
export function analysisOf({ document, path }: Pick<LiveDocument, 'document' | 'path'>): AnalysedFile | undefined {
  const files = analyseFiles([{ path, text: document.getText() }], { partial: true }, analysed.get(document));
  analysed.set(document, files);
  return files.byPath.get(path);
}

/** Each version is read once, however many look at it. */
function treeOf(document: vscode.TextDocument): Document {
  const known = parsed.get(document);
  if (known?.version === document.version) return known.tree;
  const tree = parseDocument(document.getText());
  parsed.set(document, { version: document.version, tree });
  return tree;
}
