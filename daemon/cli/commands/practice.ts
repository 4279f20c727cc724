import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parsePort } from '../option-parsers.ts';
import { practicePort, startPracticeReceiver, type Greeting } from '../practice-receiver.ts';
import { UsageError } from '../usage-error.ts';

interface PracticeOptions {
  readonly port: number;
}

export const addPractice: AddCommand = (program, runtime) => {
  program
    .command('practice')
    .description('be the server that the first workflow calls, until Ctrl-C; it takes names with a capital letter, and refuses others')
    .option('--port <n>', 'listen here, on 127.0.0.1', parsePort, practicePort)
    .addHelpText('after', examples(['sluice practice', 'in one terminal'], ['sluice run hello --wait', 'in another: a run that needs no network']))
    .action(
      runtime.action(async ({ terminal, json }, { port }: PracticeOptions) => {
        const tell = (greeting: Greeting): void => {
          const at = new Date(terminal.now()).toISOString();
          terminal.out(json ? JSON.stringify({ at, ...greeting }) : greetingLine(at, greeting));
        };
        const receiver = await startPracticeReceiver(port, tell).catch((error: unknown) => {
          throw new UsageError(`Port ${port} can't be listened on (${error instanceof Error ? error.message : String(error)}). Another \`sluice practice\` may have it; --port takes another one.`);
        });
        terminal.err(`The practice receiver listens on http://127.0.0.1:${receiver.port}. Ctrl-C ends it.`);
        return new Promise((resolve) => {
          const stopListening = terminal.io.interrupts?.listen(() => {
            stopListening?.();
            void receiver.stop().then(() => resolve(exitCodes.interrupted));
          });
        });
      }),
    );
};

/** `09:30:05  took "Ada"`: as JSON, so that nothing in a name can command the terminal. */
function greetingLine(at: string, { name, status }: Greeting): string {
  const text = name === undefined ? 'a request without a name' : JSON.stringify(name).slice(0, 200);
  return `${at.slice(11, 19)}  ${status === 200 ? 'took   ' : 'refused'}  ${text}`;
}
