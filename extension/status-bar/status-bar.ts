import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { commands, settings, statusBarItem, views } from '../ids.ts';
import type { Project } from '../project/project.ts';
import { escapeMarkdown, formatNumber } from '../wording/amount.ts';
import { waitingIn } from '../wording/queue-words.ts';
import { healthOf, type Severity } from './health.ts';
import { SteadySeverity } from './steady-severity.ts';

/** One item: how much is in the queues, coloured only where a person is needed. A click leads to the queues. */
export function showStatusBar({ projects, subscriptions }: App): vscode.StatusBarItem {
  const item = vscode.window.createStatusBarItem(statusBarItem, vscode.StatusBarAlignment.Left, 10);
  item.name = l10n.t('Sluice queues');
  item.command = `${views.queues}.focus`;
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
    const health = healthOf(all.map(({ name, connection, mirror }) => ({ name, connection: connection.state, status: mirror.status, queues: mirror.queues() })));
    const { shown, againInMs } = steady.next(health.severity, Date.now());
    if (againInMs !== undefined) timer = setTimeout(draw, againInMs);
    item.text = health.text;
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

/** A tooltip of a hundred rows helps nobody. */
const maxRows = 12;

function tooltipOf(projects: readonly Project[], reasons: readonly string[]): vscode.MarkdownString {
  const rows = projects.flatMap(({ mirror }) =>
    mirror.queues().map((queue) => {
      const name = `[${escapeMarkdown(queue.name)}](command:${views.queues}.focus)`;
      const dead = queue.depth.dead === 0 ? '0' : `[${formatNumber(queue.depth.dead)}](command:${views.deadLetters}.focus)`;
      return `| ${name} | ${formatNumber(waitingIn(queue))} | ${formatNumber(queue.depth.active)} | ${dead} | ${queue.paused ? l10n.t('paused') : ''} |`;
    }),
  );
  const head = [`| ${[l10n.t('Queue'), l10n.t('Waiting'), l10n.t('Active'), l10n.t('Dead letters'), ''].join(' | ')} |`, '|:--|--:|--:|--:|:--|'];
  const more = rows.length > maxRows ? ['', l10n.t('and {0} more queues', rows.length - maxRows)] : [];
  const lines = [...reasons.slice(0, 5).flatMap((reason) => [escapeMarkdown(reason), '']), ...(rows.length === 0 ? [] : [...head, ...rows.slice(0, maxRows), ...more, '']), links(projects)];
  const markdown = new vscode.MarkdownString(lines.join('\n'));
  markdown.isTrusted = { enabledCommands: [`${views.queues}.focus`, `${views.deadLetters}.focus`, commands.startDaemon, commands.restartDaemon, commands.runWorkflow, commands.showLog] };
  return markdown;
}

function links(projects: readonly Project[]): string {
  const kinds = new Set(projects.map(({ connection }) => connection.state.kind));
  const parts: string[] = [];
  if (kinds.has('connected')) parts.push(`[${l10n.t('Run a workflow')}](command:${commands.runWorkflow})`);
  if (kinds.has('stopped')) parts.push(`[${l10n.t('Start the daemon')}](command:${commands.startDaemon})`);
  if (kinds.has('incompatible')) parts.push(`[${l10n.t('Restart the daemon')}](command:${commands.restartDaemon})`);
  parts.push(`[${l10n.t('Show the log')}](command:${commands.showLog})`);
  return parts.join(' · ');
}
