import * as vscode from 'vscode';
import { askProject } from '../ask/pickers.ts';
import type { Prompter } from '../ask/prompter.ts';
import { activeAttempts } from '../../client/connection-state.ts';
import type { Project } from '../project/project.ts';
import { say } from '../wording/language.ts';
import type { Command } from './app.ts';

const startDaemon: Command = {
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    await project?.connection.ensure();
    return project?.connection.state.kind;
  },
};

const stopDaemon: Command = {
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined || !(await askToStop(app.ask, project, say('Stop the daemon of {project}?', { project: project.name }), say('Stop Daemon')))) return undefined;
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: say('Stopping the daemon of {project}', { project: project.name }) }, () => project.connection.stop());
    return project.connection.state.kind;
  },
};

const restartDaemon: Command = {
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined || !(await askToStop(app.ask, project, say('Restart the daemon of {project}?', { project: project.name }), say('Restart Daemon')))) return undefined;
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: say('Restarting the daemon of {project}', { project: project.name }) }, () => project.connection.restart());
    return project.connection.state.kind;
  },
};

/** Asks where jobs are running, with how many of them are finished first; if none are, a stop harms nothing. */
async function askToStop(ask: Prompter, project: Project, question: string, verb: string): Promise<boolean> {
  const { state } = project.connection;
  if (!('daemon' in state)) return true;
  const active = activeAttempts(await state.daemon.call('daemon/status', {}));
  if (active === 0) return true;
  const detail = say(
    '{count, plural, =1 {It finishes the running job first. If that takes longer than its time to stop, the job is interrupted, and tried again at the next start. Jobs that wait are kept.} other {It finishes # running jobs first. Those that take longer than its time to stop are interrupted, and tried again at the next start. Jobs that wait are kept.}}',
    { count: active },
  );
  return ask.confirm({ question, detail, verb });
}

const showDaemonLog: Command = {
  acts: false,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project !== undefined) await app.daemonLog.show(project);
  },
};

const showLog: Command = {
  acts: false,
  run: async ({ log }) => log.show(true),
};

const restartLanguageServer: Command = {
  acts: false,
  run: async ({ language }) => language.restart(),
};

export const daemonCommands = { startDaemon, stopDaemon, restartDaemon, showDaemonLog, showLog, restartLanguageServer };
