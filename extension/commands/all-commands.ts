import * as vscode from 'vscode';
import { commands, type CommandId } from '../base/ids.ts';
import { CodedError } from '../../schemas/protocol/error.ts';
import { messageOf } from '../wording/client-fault-text.ts';
import { say } from '../wording/language.ts';
import type { App, Command } from './app.ts';
import { connectionCommands } from './connections.ts';
import { daemonCommands } from './daemon.ts';
import { deadLetterCommands } from './dead-letters.ts';
import { exportCommands } from './exports.ts';
import { jobCommands } from './jobs.ts';
import { projectCommands } from './project.ts';
import { queueLimitCommands } from './queue-limits.ts';
import { queueCommands } from './queues.ts';
import { replayCommands } from './replay.ts';
import { runCommands } from './runs.ts';
import { secretCommands } from './secrets.ts';
import { triggerCommands } from './triggers.ts';
import { viewCommands } from './views.ts';
import { waitCommands } from './waits.ts';

/** Every command that package.json contributes, by the name that `ids.ts` gives its id. */
const all = {
  ...runCommands,
  ...jobCommands,
  ...waitCommands,
  ...triggerCommands,
  ...queueCommands,
  ...queueLimitCommands,
  ...deadLetterCommands,
  ...replayCommands,
  ...exportCommands,
  ...daemonCommands,
  ...projectCommands,
  ...connectionCommands,
  ...secretCommands,
  ...viewCommands,
} satisfies Readonly<Record<keyof typeof commands, Command>>;
/** With `satisfies` above, which refuses one too few, this refuses one too many: spreading hides that from the compiler. */
const idsByName: Readonly<Record<keyof typeof all, CommandId>> = commands;

/** Registers commands so that a failure is told to the person, and written down. */
export function registerCommands(app: App): void {
  for (const [name, command] of Object.entries<Command>(all)) {
    const id = idsByName[name as keyof typeof all];
    app.subscriptions.push(vscode.commands.registerCommand(id, (argument?: unknown, selected?: unknown) => run(app, id, command, argument, selected)));
  }
}

async function run(app: App, id: CommandId, command: Command, argument: unknown, selected: unknown): Promise<unknown> {
  try {
    // A `when` clause only hides the entry: other extensions and key bindings come here anyway.
    if (command.acts && !vscode.workspace.isTrusted) {
      await tellRestricted(app);
      return undefined;
    }
    return await command.run(app, argument, selected);
  } catch (error) {
    app.log.error(`${id}: ${error instanceof Error && !(error instanceof CodedError) ? (error.stack ?? error.message) : messageOf(error)}`);
    void showError(app, error);
    return undefined;
  }
}

async function tellRestricted({ ask }: App): Promise<void> {
  const trust = say('Manage Workspace Trust');
  const chosen = await ask.tell('warning', say('Sluice runs nothing in Restricted Mode.'), trust);
  if (chosen === trust) await vscode.commands.executeCommand('workbench.trust.manage');
}

async function showError({ ask, log }: App, error: unknown): Promise<void> {
  const showLog = say('Show Log');
  if ((await ask.tell('error', messageOf(error), showLog)) === showLog) log.show();
}
