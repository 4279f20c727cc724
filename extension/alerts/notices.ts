import * as vscode from 'vscode';
import { settings } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Disposable } from '../base/signal.ts';
import type { Prompter } from '../ask/prompter.ts';
import type { Project } from '../project/project.ts';
import type { Projects } from '../project/projects.ts';
import { alertNotice, type AlertCrossings, type AlertMemory, type Crossing, type NoticeAction } from './alert-crossings.ts';
import { type FoundWait, ToldWaits, waitNotice } from './wait-notice.ts';

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
    const crossings = context.alerts.take(project.folder, project.mirror.queues()).filter((crossing) => isAlertWanted(project, crossing));
    const notice = alertNotice(crossings, Date.now());
    if (notice === undefined) return;
    context.log.warn(notice.message);
    if (!isLookedAt()) void tell(context.ask, notice.severity, notice);
  };
  context.subscriptions.push(
    context.projects.onDidChangeMirror(({ project, change }) => {
      if (change.all || change.queues.size > 0) look(project);
    }),
  );
}

function isAlertWanted({ folder }: Project, { alert }: Crossing): boolean {
  const wanted = setting<string>(folder, settings.alertNotifications, 'all');
  return wanted === 'all' || (wanted === 'errors' && alert.severity === 'error');
}

export interface NoticeWaitsContext {
  readonly projects: Projects;
  readonly log: Log;
  readonly ask: () => Prompter;
  /** Shared by all windows. */
  readonly memory: AlertMemory;
  readonly subscriptions: Disposable[];
}

/** What begins to wait within this time is told together: a step with a hundred items begins a hundred waits. */
const gatherMs = 1500;

/** One notification when steps begin to wait for an answer, in one of the windows that are open, and never where nobody may answer. */
export function noticeWaits(context: NoticeWaitsContext): void {
  const told = new ToldWaits(context.memory);
  let gathered: FoundWait[] = [];
  const tellGathered = async (): Promise<void> => {
    const found = gathered;
    gathered = [];
    const notice = waitNotice(found);
    if (notice === undefined) return;
    context.log.info(notice.message);
    await tell(context.ask(), 'information', notice);
  };
  const look = async (project: Project): Promise<void> => {
    const { daemon, folder } = project;
    if (daemon === undefined || !vscode.workspace.isTrusted || !setting<boolean>(folder, settings.answerNotifications, true)) return;
    const fresh = told.take(folder, project.mirror.waits());
    if (fresh.length === 0) return;
    const { jobs } = await daemon.call('signal/notice', { waits: fresh.map(({ job, since }) => ({ job, since })) });
    const mine = new Set(jobs);
    const found = fresh.filter(({ job }) => mine.has(job)).map((wait) => ({ folder, wait }));
    if (found.length === 0) return;
    if (gathered.length === 0) setTimeout(() => void tellGathered(), gatherMs);
    gathered.push(...found);
  };
  context.subscriptions.push(
    context.projects.onDidChangeMirror(({ project, change }) => {
      if (change.waits) look(project).catch((error: unknown) => context.log.warn(`what waits for an answer can't be told: ${String(error)}`));
    }),
  );
}

/** A project's own setting, else the user's. */
function setting<T>(folder: string, name: string, byDefault: T): T {
  return vscode.workspace.getConfiguration(settings.section, vscode.Uri.parse(folder)).get<T>(name, byDefault);
}

/** Shows a notification, and does what is chosen in it. */
async function tell(ask: Prompter, severity: 'information' | 'warning' | 'error', { message, actions }: { readonly message: string; readonly actions: readonly NoticeAction[] }): Promise<void> {
  const chosen = await ask.tell(severity, message, ...actions.map(({ title }) => title));
  const action = actions.find(({ title }) => title === chosen);
  if (action !== undefined) await vscode.commands.executeCommand(action.command, action.target);
}
