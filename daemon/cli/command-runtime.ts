import type { Command } from 'commander';
import { CommandContext, type GlobalOptions } from './command-context.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** What a file of `commands/` exports: it adds its command to the program. */
export type AddCommand = (program: Command, runtime: CommandRuntime) => void;

/** Ties commander's actions to this command line: gives each its context, keeps its exit code, closes what it opened. */
export class CommandRuntime {
  exitCode: ExitCode = exitCodes.done;
  readonly #terminal: Terminal;
  readonly #globals: () => GlobalOptions;

  constructor(terminal: Terminal, globals: () => GlobalOptions) {
    this.#terminal = terminal;
    this.#globals = globals;
  }

  /** An action for commander. The handler gets the command's arguments, then its options. */
  action<Args extends unknown[]>(handler: (context: CommandContext, ...args: Args) => Promise<ExitCode>): (...args: Args) => Promise<void> {
    return async (...args) => {
      const context = new CommandContext(this.#terminal, this.#globals());
      try {
        this.exitCode = await handler(context, ...args);
      } finally {
        await context.close();
      }
    };
  }
}

/** The examples at the end of a command's help: what one types, and what it is for. */
export function examples(...lines: readonly (readonly [command: string, purpose: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, purpose]) => `  $ ${command.padEnd(width)}   ${purpose}`).join('\n')}`;
}
