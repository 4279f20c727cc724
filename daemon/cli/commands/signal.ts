import { type AddCommand, examples } from '../command-runtime.ts';
import { exitCodes } from '../exit-code.ts';
import { parseRunId } from '../option-parsers.ts';
import { readPayloadFile } from '../payload-file.ts';
import { say } from '../render/format.ts';
import { userName } from '../user-name.ts';

export const addSignal: AddCommand = (program, runtime) => {
  program
    .command('signal')
    .argument('<run>', 'such as r12', parseRunId)
    .argument('<name>', 'what its step waits for, such as approve')
    .description('answer a step that waits for a signal')
    .option('--payload <file>', 'what the answer says, JSON or YAML; - reads stdin')
    .addHelpText('after', examples(['sluice signal r12 approve', 'without more'], ['echo \'{"approved": true}\' | sluice signal r12 approve --payload -', 'with a payload']))
    .action(
      runtime.action(async (context, run: string, name: string, { payload: file }: { readonly payload?: string }) => {
        const payload = file === undefined ? {} : { payload: await readPayloadFile('--payload', file, context.terminal, 'the answer') };
        const by = userName();
        const client = await context.connect();
        const answer = await client.call('signal/send', { run, name, ...payload, ...(by === '' ? {} : { by }) });
        context.show(answer, () =>
          answer.ended.length === 0
            ? say("'{name}' of {run} is answered. No step waits for it yet: it continues as soon as it does.", { name, run })
            : say("{count, plural, =1 {'{name}' of {run} is answered, and {job} continues.} other {'{name}' of {run} is answered, and # jobs continue.}}", { count: answer.ended.length, name, run, job: answer.ended[0] ?? '' }),
        );
        return exitCodes.done;
      }),
    );
};
