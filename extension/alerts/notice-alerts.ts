import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { settings, views } from '../ids.ts';
import type { Project } from '../project/project.ts';
import { alertNotice, type AlertNotice } from './alert-notice.ts';
import type { Crossing } from './alert-crossings.ts';

/** One notification for each threshold that a queue crosses; none while a person looks at the queues anyway. */
export function noticeAlerts(app: App): void {
  const look = (project: Project): void => {
    // Without a daemon nothing is known of its alerts; they haven't ended.
    if (project.daemon === undefined || project.mirror.status === undefined) return;
    const crossings = app.alerts.take(project.folder, project.mirror.queues()).filter((crossing) => isWanted(project, crossing));
    const notice = alertNotice(crossings, Date.now());
    if (notice === undefined) return;
    app.log.warn(notice.message);
    if (app.views.get(views.queues)?.view.visible !== true) void tell(app, notice);
  };
  app.subscriptions.push(
    app.projects.onDidChangeMirror(({ project, change }) => {
      if (change.all || change.queues.size > 0) look(project);
    }),
  );
}

function isWanted({ folder }: Project, { alert }: Crossing): boolean {
  const wanted = vscode.workspace.getConfiguration(settings.section, vscode.Uri.parse(folder)).get<string>(settings.alertNotifications, 'all');
  return wanted === 'all' || (wanted === 'errors' && alert.severity === 'error');
}

async function tell({ ask }: App, { severity, message, actions }: AlertNotice): Promise<void> {
  const chosen = await ask.tell(severity, message, ...actions.map(({ title }) => title));
  const action = actions.find(({ title }) => title === chosen);
  if (action !== undefined) await vscode.commands.executeCommand(action.command, action.target);
}
