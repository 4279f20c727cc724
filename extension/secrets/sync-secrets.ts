import * as vscode from 'vscode';
import type { Log } from '../base/log.ts';
import type { Project } from '../project/project.ts';
import type { Projects } from '../project/projects.ts';
import type { Disposable } from '../base/signal.ts';
import type { SecretKeeper } from './secret-keeper.ts';
import { messageOf } from '../wording/client-fault-text.ts';

export interface HandOverOptions {
  readonly projects: Projects;
  readonly secrets: SecretKeeper;
  readonly log: Log;
  readonly subscriptions: Disposable[];
}

/** Gives each daemon that is connected the secrets that are kept for its project. */
export function syncSecrets({ projects, secrets, log, subscriptions }: HandOverOptions): void {
  const handOver = async ({ name, folder, daemon }: Project): Promise<void> => {
    // A folder that nobody trusts gets no secrets.
    if (daemon === undefined || !vscode.workspace.isTrusted) return;
    try {
      const names = await secrets.handOver(folder, daemon);
      if (names.length > 0) log.info(`secrets for the daemon of ${name}: ${names.join(', ')}`);
    } catch (error) {
      log.warn(`secrets for the daemon of ${name}: ${messageOf(error)}`);
    }
  };
  subscriptions.push(
    projects.onDidChangeState((project) => {
      if (project?.connection.state.kind === 'connected') void handOver(project);
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => projects.all.forEach((project) => void handOver(project))),
  );
}
