import { CodedError } from '../../../schemas/protocol/error.ts';
import { unsafeState } from '../../state/state-folder.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { LogFile } from '../log-file.ts';
import { parsePositive } from '../option-parsers.ts';
import { parseLogLine, renderLogLine } from '../render/log-line.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines: number;
}

export const addLogs: AddCommand = (program, runtime) => {
  program
    .command('logs')
    .description("show the end of the daemon's log; it need not run")
    .option('-f, --follow', 'go on with what comes, over restarts of the daemon, until Ctrl-C')
    .option('-n, --lines <n>', 'so many lines of what is there', parsePositive, 50)
    .addHelpText('after', examples(['sluice logs -n 200', 'the last 200 lines'], ['sluice logs -f --json', 'JSON Lines, as they come']))
    .action(
      runtime.action(async (context, { follow, lines }: LogsOptions) => {
        const { terminal, json } = context;
        const project = await context.project();
        const unsafe = unsafeState(project);
        if (unsafe !== undefined) throw new CodedError('foreign-state', unsafe);
        const log = new LogFile(project);
        const { lines: tail, end } = await log.tail(lines);
        if (follow !== true) {
          if (tail.length === 0 && !json) terminal.out('The log is empty: the daemon has not run yet. `sluice up` starts it.');
          else if (json) terminal.out(JSON.stringify(tail.map(parseLogLine), null, 2));
          else for (const line of tail) terminal.out(renderLogLine(line, terminal.view));
          return exitCodes.done;
        }
        const print = (line: string): void => terminal.out(json ? JSON.stringify(parseLogLine(line)) : renderLogLine(line, terminal.view));
        for (const line of tail) print(line);
        return new Promise((resolve) => {
          const stopFollowing = log.follow(print, end);
          const stopListening = terminal.io.interrupts?.listen(() => {
            stopListening?.();
            stopFollowing();
            resolve(exitCodes.interrupted);
          });
        });
      }),
    );
};
