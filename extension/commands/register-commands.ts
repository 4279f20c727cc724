import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { CodedError } from '../../schemas/protocol/error.ts';
import type { App } from '../app.ts';
import { messageOf } from '../log.ts';
import type { Command } from './command.ts';

/** Registers commands so that a failure is told to the person, and written down. */
export function registerCommands(app: App, all: readonly Command[]): void {
  for (const command of all) {
    app.subscriptions.push(vscode.commands.registerCommand(command.id, (argument?: unknown, selected?: unknown) => run(app, command, argument, selected)));
  }
}

async function run(app: App, command: Command, argument: unknown, selected: unknown): Promise<unknown> {
  try {
    // A `when` clause only hides the entry: other extensions and key bindings come here anyway.
    if (command.acts && !vscode.workspace.isTrusted) {
      await tellRestricted(app);
      return undefined;
    }
    return await command.run(app, argument, selected);
  } catch (error) {
    app.log.error(`${command.id}: ${error instanceof Error && !(error instanceof CodedError) ? (error.stack ?? error.message) : messageOf(error)}`);
    void showError(app, error);
    return undefined;
  }
}

async function tellRestricted({ ask }: App): Promise<void> {
  const trust = l10n.t('Manage Workspace Trust');
  const chosen = await ask.tell('warning', l10n.t('Sluice runs nothing in Restricted Mode.'), trust);
  if (chosen === trust) await vscode.commands.executeCommand('workbench.trust.manage');
}

async function showError({ ask, log }: App, error: unknown): Promise<void> {
  const showLog = l10n.t('Show Log');
  if ((await ask.tell('error', messageOf(error), showLog)) === showLog) log.show();
}
