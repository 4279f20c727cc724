import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from './app.ts';
import { activeAttempts, incompatible } from './connection/connection.ts';
import type { ConnectionState } from './connection/connection-state.ts';
import { commands } from './ids.ts';
import type { Project } from './project/project.ts';
import type { Target } from './target.ts';
import { formatNumber } from './wording/amount.ts';

/** Tells once what a person has to decide about a daemon: that it is of another version, or that it died and stays down. */
export function noticeDaemons(app: App): void {
  const told = new Set<string>();
  app.subscriptions.push(
    app.projects.onDidChangeState((project) => {
      if (project === undefined) return;
      const notice = noticeOf(project, project.connection.state);
      if (notice === undefined || told.has(notice.key)) return;
      told.add(notice.key);
      void tell(app, project, notice);
    }),
  );
}

interface Notice {
  /** The same for what has been told already. */
  readonly key: string;
  readonly message: string;
  readonly action?: { readonly title: string; readonly command: string };
}

function noticeOf({ name, folder }: Project, state: ConnectionState): Notice | undefined {
  const restart = { title: l10n.t('Restart Daemon'), command: commands.restartDaemon };
  switch (state.kind) {
    case 'connected': {
      if (!state.outdated) return undefined;
      const active = activeAttempts(state.status);
      return { key: `outdated ${folder} ${state.status.pid}`, message: outdatedText(name, state.status.version, active), action: restart };
    }
    case 'incompatible':
      return {
        key: `incompatible ${folder} ${state.status.pid}`,
        message: `${name}: ${incompatible(state.status.version, state.behind)}`,
        ...(state.behind === 'daemon' ? { action: restart } : {}),
      };
    case 'stopped':
      if (state.crashed !== true) return undefined;
      return {
        // Each crash is worth telling.
        key: `crashed ${folder} ${Date.now()}`,
        message: l10n.t('The daemon of {0} ended unexpectedly, more than once. Its jobs are kept and wait.', name),
        action: { title: l10n.t('Start Daemon'), command: commands.startDaemon },
      };
    case 'none':
    case 'untrusted':
    case 'starting':
    case 'reconnecting':
      return undefined;
  }
}

function outdatedText(project: string, version: string, active: number): string {
  if (active === 0) return l10n.t('The daemon of {0} still has version {1}. A restart brings the new one.', project, version);
  if (active === 1) return l10n.t('The daemon of {0} still has version {1}. A restart brings the new one, and finishes the running job first.', project, version);
  return l10n.t('The daemon of {0} still has version {1}. A restart brings the new one, and finishes {2} running jobs first.', project, version, formatNumber(active));
}

async function tell({ ask }: App, { folder }: Project, { message, action }: Notice): Promise<void> {
  const showLog = l10n.t('Show Log');
  const chosen = await ask.tell('warning', message, ...(action === undefined ? [] : [action.title]), showLog);
  if (chosen === showLog) await vscode.commands.executeCommand(commands.showLog);
  else if (action !== undefined && chosen === action.title) await vscode.commands.executeCommand(action.command, { folder } satisfies Target);
}
