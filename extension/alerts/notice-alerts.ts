import * as vscode from 'vscode';
import { settings } from '../base/ids.ts';
import type { Project } from '../project/project.ts';
import { alertNotice, type AlertNotice } from './alert-notice.ts';
import type { Crossing, AlertCrossings } from './alert-crossings.ts';
import type { Projects } from '../project/projects.ts';
import type { Log } from '../base/log.ts';
import type { Prompter } from '../ask/prompter.ts';
import type { Disposable } from '../base/signal.ts';

export interface NoticeAlertsContext {
  readonly projects: Projects;
  readonly alerts: AlertCrossings;
  readonly log: Log;
  readonly ask: Prompter;
  readonly subscriptions: Disposable[];
}

/** One notification for each threshold that a queue crosses; none while a person looks at the queues anyway. */
export function noticeAlerts(context: NoticeAlertsContext, isLookedAt: () => boolean): void {
  const look = (project: Project): void => {
    // Without a daemon nothing is known of its alerts; they haven't ended.
    if (project.daemon === undefined || project.mirror.status === undefined) return;
    const crossings = context.alerts.take(project.folder, project.mirror.queues()).filter((crossing) => isWanted(project, crossing));
    const notice = alertNotice(crossings, Date.now());
    if (notice === undefined) return;
    context.log.warn(notice.message);
    if (!isLookedAt()) void tell(context, notice);
  };
  context.subscriptions.push(
    context.projects.onDidChangeMirror(({ project, change }) => {
      if (change.all || change.queues.size > 0) look(project);
    }),
  );
}

function isWanted({ folder }: Project, { alert }: Crossing): boolean {
  const wanted = vscode.workspace.getConfiguration(settings.section, vscode.Uri.parse(folder)).get<string>(settings.alertNotifications, 'all');
  return wanted === 'all' || (wanted === 'errors' && alert.severity === 'error');
}

async function tell({ ask }: NoticeAlertsContext, { severity, message, actions }: AlertNotice): Promise<void> {
  const chosen = await ask.tell(severity, message, ...actions.map(({ title }) => title));
  const action = actions.find(({ title }) => title === chosen);
  if (action !== undefined) await vscode.commands.executeCommand(action.command, action.target);
}
