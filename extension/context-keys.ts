import * as vscode from 'vscode';
import { contextKeys } from './ids.ts';
import type { Projects } from './project/projects.ts';
import type { Disposable } from './signal.ts';

/** Keeps the values that `when` clauses look at true. The only place that sets them. */
export function followWithContextKeys(projects: Projects): Disposable {
  const shown = new Map<string, unknown>();
  const set = (key: string, value: unknown): void => {
    if (shown.get(key) === value) return;
    shown.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  };
  const update = (): void => {
    set(contextKeys.state, stateOf(projects));
    set(contextKeys.connected, projects.all.some(({ daemon }) => daemon !== undefined));
    set(contextKeys.hasDeadLetters, projects.all.some(({ mirror }) => mirror.queues().some(({ depth }) => depth.dead > 0)));
  };
  update();
  const listening = [projects.onDidChangeState(update), projects.onDidChangeMirror(update)];
  return { dispose: () => listening.forEach((one) => one.dispose()) };
}

function stateOf(projects: Projects): string {
  if (projects.isVirtual) return 'virtual';
  const [only, ...others] = projects.all;
  if (only === undefined) return 'none';
  return others.length === 0 ? only.connection.state.kind : 'several';
}
