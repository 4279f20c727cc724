import { Command } from 'commander';
import { addBulk } from './commands/bulk.ts';
import { addCancel } from './commands/cancel.ts';
import { addDead } from './commands/dead.ts';
import { addDeliveries, addTrigger } from './commands/deliveries.ts';
import { addDoctor, addDown, addLogs, addRestart, addStatus, addUp } from './commands/daemon.ts';
import { addFilters } from './commands/filters.ts';
import { addJob, addJobs, addRetry } from './commands/jobs.ts';
import { addPractice } from './commands/practice.ts';
import { addInit, addLanguageServer, addProjects, addValidate } from './commands/project.ts';
import { addPause, addQueues, addResume, addSet } from './commands/queues.ts';
import { addRun } from './commands/run.ts';
import { addContinue, addEval, addRunShow, addRuns } from './commands/runs.ts';
import { addSchedules } from './commands/schedules.ts';
import { addSecrets } from './commands/secrets.ts';
import { addSignal } from './commands/signal.ts';
import { addState } from './commands/state.ts';
import { ownVersion, type GlobalOptions } from './command-context.ts';
import { CommandRuntime, type AddCommand, examples } from './command-runtime.ts';
import type { Terminal } from './terminal.ts';

/** In the order of the help: what one starts with first. */
const groups: readonly (readonly [title: string, commands: readonly AddCommand[]])[] = [
  ['Project', [addInit, addValidate, addDoctor, addProjects, addPractice, addLanguageServer, addSecrets]],
  ['Daemon', [addUp, addDown, addRestart, addStatus, addState, addLogs]],
  ['Runs', [addRun, addRuns, addRunShow, addEval, addContinue, addSignal, addCancel]],
  ['Triggers', [addSchedules, addDeliveries, addTrigger]],
  ['Queues and jobs', [addQueues, addJobs, addJob, addPause, addResume, addSet, addRetry, addDead, addFilters, addBulk]],
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
    .option('--project <dir>', 'the project: the folder that has .sluice/; else found from the current folder upward')
    .option('--json', 'one JSON document on stdout (JSON Lines for streams) and nothing else there')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      examples(
        ['sluice init', 'make a project here'],
        ['sluice run hello --wait', 'run its workflow to the end'],
        ['sluice queues', 'see what waits and how fast it goes'],
        ['sluice dead', 'see what could not be done'],
      ),
    )
    .addHelpText('after', '\nExit codes: 0 done, 1 the run or the check failed, 2 wrong usage, 3 no daemon could be reached or started.');
  for (const [title, commands] of groups) {
    command.commandsGroup(`${title}:`);
    for (const add of commands) add(command, runtime);
  }
  return { command, runtime };
}
