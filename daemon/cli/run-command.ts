import { CommanderError, type Command } from 'commander';
import { reportError } from './command-context.ts';
import { exitCodes, UsageError } from './exit-code.ts';
import { buildProgram } from './program.ts';
import { Terminal, wantsColour, type CommandIo } from './terminal.ts';

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
