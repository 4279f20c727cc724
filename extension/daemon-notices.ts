import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { DaemonStatus } from '../schemas/protocol/daemon-status.ts';
import type { App } from './app.ts';
import { activeAttempts, type ConnectionState } from '../client/connection-state.ts';
import { setStateAside } from './set-state-aside.ts';
import { commands } from './ids.ts';
import { messageOf } from './log.ts';
import type { Project } from './project/project.ts';
import type { Target } from './target.ts';
import { formatNumber } from './wording/amount.ts';
import { clientFaultText, incompatibleText } from './wording/client-fault-text.ts';

/** Tells once what a person has to decide about a daemon: that it is of another version, or that it died and stays down. */
export function noticeDaemons(app: App): void {
  const told = new Set<string>();
  app.subscriptions.push(
    app.projects.onDidChangeState((project) => {
      if (project === undefined) return;
      const notice = noticeOf(app, project, project.connection.state);
      if (notice === undefined || told.has(notice.key)) return;
      told.add(notice.key);
      void tell(app, notice);
    }),
  );
}

interface Notice {
  /** The same for what has been told already. */
  readonly key: string;
  readonly message: string;
  readonly actions: readonly Action[];
}

interface Action {
  readonly title: string;
  readonly run: () => Thenable<unknown>;
}

function noticeOf(app: App, project: Project, state: ConnectionState): Notice | undefined {
  const { name, folder } = project;
  const command = (title: string, id: string): Action => ({ title, run: () => vscode.commands.executeCommand(id, { folder } satisfies Target) });
  const restart = command(l10n.t('Restart Daemon'), commands.restartDaemon);
  switch (state.kind) {
    case 'connected': {
      if (!state.outdated) return crashNotice(app, project, state.status);
      const active = activeAttempts(state.status);
      return { key: `outdated ${folder} ${state.status.pid}`, message: outdatedText(name, state.status.version, active), actions: [restart] };
    }
    case 'incompatible':
      return {
        key: `incompatible ${folder} ${state.status.pid}`,
        message: `${name}: ${incompatibleText(state.status.version, state.behind)}`,
        actions: state.behind === 'daemon' ? [restart] : [],
      };
    case 'stopped':
      if (state.refused === 'unknown') {
        return {
          key: `unknown ${folder}`,
          message: l10n.t("You have not run the daemon of {0} yet. It runs what the project's files say, with your secrets.", name),
          actions: [command(l10n.t('Start Daemon'), commands.startDaemon)],
        };
      }
      if (state.refused === 'foreign') {
        return {
          // Each time that somebody wants it: the answer may be another one now.
          key: `foreign ${folder} ${Date.now()}`,
          message: l10n.t('The state in {0} was not made by your daemon, here: it came with a clone, an archive or a copy. Using it sends what waits in it, with your secrets. {1}', name, state.problem === undefined ? '' : clientFaultText(state.problem)),
          actions: [
            { title: l10n.t('Use This State'), run: () => project.connection.adopt() },
            { title: l10n.t('Set It Aside'), run: () => setStateAside(project.path, app.programs.cli).then(() => project.connection.ensure()) },
          ],
        };
      }
      if (state.crashed !== true) return undefined;
      return {
        // Each crash is worth telling.
        key: `crashed ${folder} ${Date.now()}`,
        message: l10n.t('The daemon of {0} ended unexpectedly, more than once. Its jobs are kept and wait.', name),
        actions: [command(l10n.t('Start Daemon'), commands.startDaemon)],
      };
    case 'none':
    case 'gone':
    case 'untrusted':
    case 'starting':
    case 'reconnecting':
      return undefined;
  }
}

/** Where the crash that was told last is kept over reloads of the window. */
const toldCrashKey = 'sluice.toldCrash';

/** That the daemon before this one was not stopped, once a crash. */
function crashNotice({ memory }: App, { name, folder }: Project, { lastCrash }: DaemonStatus): Notice | undefined {
  if (lastCrash === undefined) return undefined;
  const { aliveAt, interrupted, jobs } = lastCrash;
  const key = `${toldCrashKey} ${folder}`;
  if (memory.get(key) === aliveAt) return undefined;
  void memory.update(key, aliveAt);
  const [first] = jobs;
  const at = new Date(aliveAt).toLocaleTimeString(vscode.env.language);
  return {
    key: `${key} ${aliveAt}`,
    message: crashText(name, at, interrupted, jobs),
    actions: first === undefined ? [] : [{ title: l10n.t('Show Job'), run: () => vscode.commands.executeCommand(commands.openJob, { folder, job: first } satisfies Target) }],
  };
}

function crashText(project: string, at: string, interrupted: number, jobs: readonly string[]): string {
  const named = jobs.slice(0, 5).join(', ');
  if (interrupted === 0) return l10n.t('The daemon of {0} ended without being stopped, at {1} or later, and runs again. Nothing was under way.', project, at);
  if (interrupted === 1) return l10n.t('The daemon of {0} ended without being stopped, at {1} or later, and runs again. One call was under way and is made again; it may have had its effect: {2}.', project, at, named);
  return l10n.t('The daemon of {0} ended without being stopped, at {1} or later, and runs again. {2} calls were under way and are made again; they may have had their effect: {3}.', project, at, formatNumber(interrupted), interrupted > 5 ? l10n.t('{0} and others', named) : named);
}

function outdatedText(project: string, version: string, active: number): string {
  if (active === 0) return l10n.t('The daemon of {0} still has version {1}. A restart brings the new one.', project, version);
  if (active === 1) return l10n.t('The daemon of {0} still has version {1}. A restart brings the new one, and finishes the running job first.', project, version);
  return l10n.t('The daemon of {0} still has version {1}. A restart brings the new one, and finishes {2} running jobs first.', project, version, formatNumber(active));
}

async function tell({ ask, log }: App, { message, actions }: Notice): Promise<void> {
  const showLog = l10n.t('Show Log');
  const chosen = await ask.tell('warning', message, ...actions.map(({ title }) => title), showLog);
  if (chosen === showLog) await vscode.commands.executeCommand(commands.showLog);
  try {
    await actions.find(({ title }) => title === chosen)?.run();
  } catch (error) {
    log.error(messageOf(error));
    await ask.tell('error', messageOf(error));
  }
}
