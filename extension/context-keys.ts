import * as vscode from 'vscode';
import type { DeadLetterFiles } from './documents/dead-letter-files.ts';
import { contextKeys } from './ids.ts';
import type { Projects } from './project/projects.ts';
import type { Disposable } from './signal.ts';

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
  update();
  updateDocuments();
  const listening = [projects.onDidChangeState(update), projects.onDidChangeMirror(update), deadLetterFiles.onDidChangeStates(updateDocuments)];
  return { dispose: () => listening.forEach((one) => one.dispose()) };
}

function stateOf(projects: Projects): string {
  if (projects.isVirtual) return 'virtual';
  const [only, ...others] = projects.all;
  if (only === undefined) return 'none';
  return others.length === 0 ? only.connection.state.kind : 'several';
}
