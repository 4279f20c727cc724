import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { Prompter } from '../ask/prompter.ts';
import { commands } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Disposable } from '../base/signal.ts';
import type { Target } from '../base/target.ts';
import { activeAttempts, type ConnectionState } from '../../client/connection-state.ts';
import { daemonEnvironment } from '../../client/daemon-launch.ts';
import type { Project } from '../project/project.ts';
import type { Projects } from '../project/projects.ts';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import { clientFaultText, incompatibleText, messageOf } from '../wording/client-fault-text.ts';
import { crashText } from '../wording/daemon.ts';
import { say } from '../wording/language.ts';

export interface NoticeContext {
  readonly projects: Projects;
  readonly ask: Prompter;
  readonly log: Log;
  /** What is remembered for this workspace. */
  readonly memory: vscode.Memento;
  readonly programs: { readonly cli: string };
  readonly subscriptions: Disposable[];
}

/** Tells once what a person has to know or decide about a daemon: that it is of another version, that it crashed, or that it stays down. */
export function noticeDaemons(context: NoticeContext): void {
  const told = new Set<string>();
  context.subscriptions.push(
    context.projects.onDidChangeState((project) => {
      if (project === undefined) return;
      for (const notice of noticesOf(context, project, project.connection.state)) {
        if (told.has(notice.key)) continue;
        told.add(notice.key);
        void tell(context, notice);
      }
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

function noticesOf(context: NoticeContext, project: Project, state: ConnectionState): readonly Notice[] {
  if (state.kind === 'connected') return [crashNotice(context, project, state.status), outdatedNotice(project, state)].flatMap((notice) => notice ?? []);
  return [stateNotice(context, project, state)].flatMap((notice) => notice ?? []);
}

function stateNotice(context: NoticeContext, project: Project, state: Exclude<ConnectionState, { kind: 'connected' }>): Notice | undefined {
  const { name, folder } = project;
  switch (state.kind) {
    case 'incompatible':
      return {
        key: `incompatible ${folder} ${state.status.pid}`,
        message: `${name}: ${incompatibleText(state.status.version, state.behind)}`,
        actions: state.behind === 'daemon' ? [restart(folder), showLog()] : [showLog()],
      };
    case 'stopped':
      if (state.refused === 'unknown') {
        return {
          key: `unknown ${folder}`,
          message: say("You have not run the daemon of {name} yet. It runs what the project's files say, with your secrets.", { name }),
          actions: [start(folder), showLog()],
        };
      }
      if (state.refused === 'foreign') {
        return {
          // Each time that somebody wants it: the answer may be another one now.
          key: `foreign ${folder} ${Date.now()}`,
          message: say('The state in {name} was not made by your daemon, here: it came with a clone, an archive or a copy. Using it sends what waits in it, with your secrets. {problem}', { name, problem: state.problem === undefined ? '' : clientFaultText(state.problem) }),
          actions: [
            { title: say('Use This State'), run: () => project.connection.adopt() },
            { title: say('Set It Aside'), run: () => setStateAside(project.path, context.programs.cli).then(() => project.connection.ensure()) },
            showLog(),
          ],
        };
      }
      if (state.crashed !== true) return undefined;
      return {
        // Each crash is worth telling.
        key: `crashed ${folder} ${Date.now()}`,
        message: say('The daemon of {name} crashed repeatedly and was not started again. Its jobs are kept and wait.', { name }),
        actions: [start(folder), showDaemonLog(folder)],
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
function crashNotice({ memory }: NoticeContext, { name, folder }: Project, { lastCrash }: DaemonStatus): Notice | undefined {
  if (lastCrash === undefined) return undefined;
  const key = `${toldCrashKey} ${folder}`;
  if (memory.get(key) === lastCrash.aliveAt) return undefined;
  void memory.update(key, lastCrash.aliveAt);
  const [job] = lastCrash.jobs;
  return {
    key: `${key} ${lastCrash.aliveAt}`,
    message: crashText(name, lastCrash),
    actions: [...(job === undefined ? [] : [action(say('Show {job}', { job }), commands.openJob, { folder, job })]), showDaemonLog(folder)],
  };
}

function outdatedNotice({ name, folder }: Project, { outdated, status }: Extract<ConnectionState, { kind: 'connected' }>): Notice | undefined {
  if (!outdated) return undefined;
  return { key: `outdated ${folder} ${status.pid}`, message: outdatedText(name, status.version, activeAttempts(status)), actions: [restart(folder), showLog()] };
}

function outdatedText(project: string, version: string, active: number): string {
  if (active === 0) return say('The daemon of {project} still has version {version}. A restart brings the new one.', { project, version });
  return say(
    '{count, plural, =1 {The daemon of {project} still has version {version}. A restart brings the new one, and finishes the running job first.} other {The daemon of {project} still has version {version}. A restart brings the new one, and finishes # running jobs first.}}',
    { count: active, project, version },
  );
}

function action(title: string, id: string, ...args: readonly Target[]): Action {
  return { title, run: () => vscode.commands.executeCommand(id, ...args) };
}

function start(folder: string): Action {
  return action(say('Start Daemon'), commands.startDaemon, { folder });
}

function restart(folder: string): Action {
  return action(say('Restart Daemon'), commands.restartDaemon, { folder });
}

/** Of this window. */
function showLog(): Action {
  return action(say('Show Log'), commands.showLog);
}

function showDaemonLog(folder: string): Action {
  return action(say('Show Daemon Log'), commands.showDaemonLog, { folder });
}

async function tell({ ask, log }: NoticeContext, { message, actions }: Notice): Promise<void> {
  const chosen = await ask.tell('warning', message, ...actions.map(({ title }) => title));
  try {
    await actions.find(({ title }) => title === chosen)?.run();
  } catch (error) {
    log.error(messageOf(error));
    await ask.tell('error', messageOf(error));
  }
}

const limitMs = 30_000;

/** Moves the state that lies in the folder aside, as `sluice state set-aside` does. `cli`: the path of the command's program. @throws Error with what the command said */
async function setStateAside(projectFolder: string, cli: string): Promise<void> {
  await promisify(execFile)(process.execPath, [cli, '--project', projectFolder, 'state', 'set-aside'], { env: daemonEnvironment(process.env), timeout: limitMs });
}
