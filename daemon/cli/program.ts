import { Command, CommanderError } from 'commander';
import { ownVersion, type GlobalOptions, reportError, CommandRuntime, type AddCommand, examples } from './command-context.ts';
import { addAlerts } from './commands/alerts.ts';
import { addBackup, addRestore } from './commands/backup.ts';
import { addBulk } from './commands/bulk.ts';
import { addConnections } from './commands/connections.ts';
import { addDoctor, addDown, addLogs, addRestart, addStatus, addUp } from './commands/daemon.ts';
import { addDead } from './commands/dead.ts';
import { addDeliveries, addTrigger } from './commands/deliveries.ts';
import { addFilters } from './commands/filters.ts';
import { addJob, addJobs, addRetry } from './commands/jobs.ts';
import { addPractice } from './commands/practice.ts';
import { addInit, addLanguageServer, addProjects, addValidate } from './commands/project.ts';
import { addPause, addQueues, addResume, addSet } from './commands/queues.ts';
import { addRecipes } from './commands/recipes.ts';
import { addRun } from './commands/run.ts';
import { addCancel, addContinue, addEval, addRunShow, addRuns } from './commands/runs.ts';
import { addSchedules } from './commands/schedules.ts';
import { addSecrets } from './commands/secrets.ts';
import { addState } from './commands/state.ts';
import { addStore } from './commands/store.ts';
import { addTop } from './commands/top.ts';
import { addSignal, addWhy } from './commands/waits.ts';
import { exitCodes, UsageError } from './exit-code.ts';
import { Terminal, wantsColour, type CommandIo } from './terminal.ts';

/** In the order of the help: what one starts with first. */
const groups: readonly (readonly [title: string, commands: readonly AddCommand[]])[] = [
  ['Project', [addInit, addRecipes, addValidate, addDoctor, addProjects, addPractice, addLanguageServer, addSecrets, addConnections]],
  ['Daemon', [addUp, addDown, addRestart, addStatus, addTop, addBackup, addRestore, addState, addStore, addLogs]],
  ['Runs', [addRun, addRuns, addRunShow, addEval, addContinue, addSignal, addCancel]],
  ['Triggers', [addSchedules, addDeliveries, addTrigger]],
  ['Queues and jobs', [addQueues, addJobs, addJob, addPause, addResume, addSet, addWhy, addAlerts, addRetry, addDead, addFilters, addBulk]],
];

export interface Program {
  readonly command: Command;
  readonly runtime: CommandRuntime;
}

/** The whole command line, described: what runs it, its help, and its reference page all come from here. */
export function buildProgram(terminal: Terminal): Program {
  const command = new Command('sluice');
  const runtime = new CommandRuntime(terminal, () => command.opts<GlobalOptions>());
  command
    .description('Runs YAML workflows through durable, rate-limited, retrying queues.')
    .version(ownVersion, '-V, --version', 'print the version')
    .option('--project <dir>', 'the folder that has .sluice/; if omitted, the nearest one from the current folder upward')
    .option('--json', 'one JSON document on stdout (JSON Lines for streams) and nothing else there')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      examples(
        ['sluice init', 'make a project here'],
        ['sluice run hello --wait', 'run its workflow, and wait for its end'],
        ['sluice queues', 'see what waits, and the throughput'],
        ['sluice dead', 'see what failed'],
      ),
    )
    .addHelpText('after', '\nExit codes: 0 done, 1 the run or the check failed, 2 wrong usage, 3 no daemon could be reached or started.');
  for (const [title, commands] of groups) {
    command.commandsGroup(`${title}:`);
    for (const add of commands) add(command, runtime);
  }
  return { command, runtime };
}

/** Runs one command line (without `node` and the program's name) and answers with its exit code. Never rejects. */
export async function runCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const terminal = new Terminal(io);
  const { command, runtime } = buildProgram(terminal);
  // What commander has to say about wrong usage is kept back, because with --json it has to be JSON.
  const complaints: string[] = [];
  for (const one of everyCommand(command)) {
    one.exitOverride().configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => complaints.push(text),
      getOutHelpWidth: () => terminal.view.width ?? 80,
      getErrHelpWidth: () => terminal.errorView.width ?? 80,
      getOutHasColors: () => wantsColour(io.stdout, io.env),
      getErrHasColors: () => wantsColour(io.stderr, io.env),
    });
  }
  // The options may not have been read when an error ends the reading.
  const json = argv.includes('--json');
  try {
    await command.parseAsync([...argv], { from: 'user' });
    return runtime.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, terminal, json);
    if (error.exitCode === 0) return exitCodes.done;
    const text = complaints.join('').trimEnd();
    if (!json && !text.startsWith('error: ')) terminal.err(text);
    else reportError(new UsageError(text.replace(/^error: /, '')), terminal, json);
    return exitCodes.usage;
  }
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
