import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { parsePort } from '../option-parsers.ts';
import {
  defaultPracticePort,
  practiceWorkflow,
  readPracticePort,
  writePracticePort,
  startPracticeReceiver,
  type Greeting,
  type PracticeReceiver,
} from '../practice-receiver.ts';

interface PracticeOptions {
  readonly port?: number;
}

export const addPractice: AddCommand = (program, runtime) => {
  program
    .command('practice')
    .description('run a practice server for the first workflow to call, until Ctrl-C; it accepts names with a capital letter and refuses others')
    .option('--port <n>', 'listen on this port of 127.0.0.1; if omitted, on the port that the workflow hello calls, or on any free port', parsePort)
    .addHelpText('after', examples(['sluice practice', 'in one terminal'], ['sluice run hello --wait', 'in another: a run that needs no network']))
    .action(
      runtime.action(async (context, { port }: PracticeOptions) => {
        const { terminal, json } = context;
        const tell = (greeting: Greeting): void => {
          const at = new Date(terminal.now()).toISOString();
          terminal.out(json ? JSON.stringify({ at, ...greeting }) : greetingLine(at, greeting));
        };
        const project = await context.projectIfAny();
        const called = project === undefined ? undefined : await readPracticePort(project);
        const receiver = await start(port, called ?? defaultPracticePort, tell);
        terminal.err(`The practice receiver listens on http://127.0.0.1:${receiver.port}. Ctrl-C ends it.`);
        if (project !== undefined && called !== undefined && called !== receiver.port) {
          await writePracticePort(project, receiver.port);
          terminal.err(`${practiceWorkflow} called port ${called}; it now calls ${receiver.port}. Jobs of earlier runs still call ${called}.`);
        }
        return new Promise((resolve) => {
          const stopListening = terminal.io.interrupts?.listen(() => {
            stopListening?.();
            void receiver.stop().then(() => resolve(exitCodes.interrupted));
          });
        });
      }),
    );
};

/** A port that a person asked for is that one or none; any other may be taken by something else, and then a free one does. */
async function start(asked: number | undefined, preferred: number, tell: (greeting: Greeting) => void): Promise<PracticeReceiver> {
  try {
    return await startPracticeReceiver(asked ?? preferred, tell);
  } catch (error) {
    if (asked === undefined) return startPracticeReceiver(0, tell);
    throw new UsageError(`Port ${asked} can't be listened on (${error instanceof Error ? error.message : String(error)}). Without --port, a free one is chosen.`);
  }
}

/** `09:30:05  took "Ada"`: as JSON, so that nothing in a name can command the terminal. */
function greetingLine(at: string, { name, status }: Greeting): string {
  const text = name === undefined ? 'a request without a name' : JSON.stringify(name).slice(0, 200);
  return `${at.slice(11, 19)}  ${status === 200 ? 'took   ' : 'refused'}  ${text}`;
}
