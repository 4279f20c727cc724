import * as vscode from 'vscode';
import type { DeadLetterFiles } from './documents/dead-letter-files.ts';
import { contextKeys } from './base/ids.ts';
import type { Projects } from './project/projects.ts';
import type { Disposable } from './base/signal.ts';

const yamlFile = /\.ya?ml$/i;

/** Keeps the values that `when` clauses look at true. The only place that sets them. */
export function followWithContextKeys(projects: Projects, deadLetterFiles: Pick<DeadLetterFiles, 'states' | 'onDidChangeStates'>): Disposable {
  const shown = new Map<string, unknown>();
  const set = (key: string, value: unknown): void => {
    if (shown.get(key) === value) return;
    shown.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  const setList = (key: string, values: readonly string[]): void => {
    const text = values.join('\n');
    if (shown.get(key) === text) return;
    shown.set(key, text);
    void vscode.commands.executeCommand('setContext', key, values);
  };
  const updateDocuments = (): void => {
    const { dead, edited } = deadLetterFiles.states();
    setList(contextKeys.deadDocuments, dead);
    setList(contextKeys.editedDocuments, edited);
  };
  const update = (): void => {
    set(contextKeys.state, stateOf(projects));
    set(contextKeys.connected, projects.all.some(({ daemon }) => daemon !== undefined));
    set(contextKeys.hasRuns, projects.all.some(({ mirror }) => mirror.runs().length > 0));
    set(contextKeys.hasDeadLetters, projects.all.some(({ mirror }) => mirror.queues().some(({ depth }) => depth.dead > 0)));
  };
  /** Paths of files with errors, by the files' URIs. */
  const broken = new Map<string, readonly string[]>();
  const updateFiles = (changed: Iterable<vscode.Uri>): void => {
    for (const uri of changed) {
      if (yamlFile.test(uri.path) && vscode.languages.getDiagnostics(uri).some(isError)) broken.set(uri.toString(), resourcePaths(uri));
      else broken.delete(uri.toString());
    }
    setList(contextKeys.filesWithErrors, [...broken.values()].flat());
  };
  update();
  updateDocuments();
  updateFiles(vscode.languages.getDiagnostics().map(([uri]) => uri));
  return vscode.Disposable.from(
    projects.onDidChangeState(update),
    projects.onDidChangeMirror(update),
    deadLetterFiles.onDidChangeStates(updateDocuments),
    vscode.languages.onDidChangeDiagnostics(({ uris }) => updateFiles(uris)),
  );
}

/** What `resourcePath` may be: a window on Windows writes the paths of a remote Linux with its own separators. */
function resourcePaths({ fsPath, path }: vscode.Uri): readonly string[] {
  return [fsPath, path.replaceAll('/', '\\')];
}

function isError({ severity }: vscode.Diagnostic): boolean {
  return severity === vscode.DiagnosticSeverity.Error;
}

function stateOf(projects: Projects): string {
  if (projects.isVirtual) return 'virtual';
  const [only, ...others] = projects.all;
  if (only === undefined) return 'none';
  return others.length === 0 ? only.connection.state.kind : 'several';
}
