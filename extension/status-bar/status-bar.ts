import * as vscode from 'vscode';
import { commands, settings, statusBarItem } from '../base/ids.ts';
import type { Project } from '../project/project.ts';
import { healthCommands, healthOf, healthTable, type Severity, SteadySeverity } from './health.ts';
import type { Projects } from '../project/projects.ts';
import type { Disposable } from '../base/signal.ts';
import { say } from '../wording/language.ts';

/** One item: how much is in the queues, coloured only where a person is needed. A click leads to the queues. */
export function showStatusBar({ projects, subscriptions }: { readonly projects: Projects; readonly subscriptions: Disposable[] }): vscode.StatusBarItem {
  const item = vscode.window.createStatusBarItem(statusBarItem, vscode.StatusBarAlignment.Left, 10);
  item.name = say('Sluice queues');
  const steady = new SteadySeverity();
  let timer: NodeJS.Timeout | undefined;

  const draw = (): void => {
    clearTimeout(timer);
    const all = projects.all;
    const isWanted = vscode.workspace.getConfiguration(settings.section).get<boolean>(settings.statusBar, true);
    if (all.length === 0 || !isWanted) {
      item.hide();
      return;
    }
    const health = healthOf(all.map(({ name, folder, connection, mirror }) => ({ name, folder, connection: connection.state, status: mirror.status, queues: mirror.queues() })), Date.now());
    // With nothing left, there is nothing that a colour could be about.
    if (health.severity === 'rest' && health.isEmpty) steady.reset();
    const { shown, againInMs } = steady.next(health.severity, Date.now());
    if (againInMs !== undefined) timer = setTimeout(draw, againInMs);
    item.text = health.text;
    item.command = { command: commands.showQueue, title: say('Show Queue'), arguments: [health.target] };
    item.backgroundColor = backgroundOf(shown);
    item.tooltip = tooltipOf(all, health.reasons);
    item.accessibilityInformation = { label: health.label };
    item.show();
  };

  subscriptions.push(
    item,
    { dispose: () => clearTimeout(timer) },
    projects.onDidChangeState(draw),
    projects.onDidChangeMirror(draw),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${settings.section}.${settings.statusBar}`)) draw();
    }),
  );
  draw();
  return item;
}

function backgroundOf(severity: Severity): vscode.ThemeColor | undefined {
  return severity === 'rest' ? undefined : new vscode.ThemeColor(severity === 'error' ? 'statusBarItem.errorBackground' : 'statusBarItem.warningBackground');
}

function tooltipOf(projects: readonly Project[], reasons: readonly string[]): vscode.MarkdownString {
  const shown = projects.map(({ name, folder, connection, mirror }) => ({ name, folder, state: connection.state.kind, queues: mirror.queues() }));
  const markdown = new vscode.MarkdownString(healthTable(shown, reasons), true);
  markdown.isTrusted = { enabledCommands: [...healthCommands] };
  return markdown;
}
