import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes } from '../exit-code.ts';
import { parseRunId } from '../option-parsers.ts';
import { readPayloadFile } from '../payload-file.ts';
import { userName } from '../../../platform/user-name.ts';
import { say } from '../render/format.ts';
import { renderWhy } from '../render/why.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';

export const addWhy: AddCommand = (program, runtime) => {
  program
    .command('why')
    .argument('<id>', 'a job (j40), a run (r12), a schedule (s3), a delivery (d7), or the name of a queue')
    .option('--step <step>', 'a step of that run')
    .description('say why it is waiting: the causes in the order in which they have to go, and the command that changes each')
    .addHelpText('after', examples(['sluice why j40', 'why a job does not start, and when it will'], ['sluice why r12', 'what a run waits for'], ['sluice why newsletter', 'what keeps a queue']))
    .action(
      runtime.action(async (context, id: string, { step }: { readonly step?: string }) => {
        const client = await context.connectToLook();
        const why = await client.call('why', { id, ...(step === undefined ? {} : { step }) });
        context.show(why, (view) => renderWhy(why, view));
        return exitCodes.done;
      }),
    );
};

export const addSignal: AddCommand = (program, runtime) => {
  program
    .command('signal')
    .argument('<run>', 'such as r12', parseRunId)
    .argument('<name>', 'the name of the signal, such as approve')
    .description('answer a step that waits for a signal')
    .option('--payload <file>', 'the payload of the answer, JSON or YAML; - reads stdin')
    .addHelpText('after', examples(['sluice signal r12 approve', 'without a payload'], ['echo \'{"approved": true}\' | sluice signal r12 approve --payload -', 'with a payload']))
    .action(
      runtime.action(async (context, run: string, name: string, { payload: file }: { readonly payload?: string }) => {
        const payload = file === undefined ? {} : { payload: await readPayloadFile('--payload', file, context.terminal, 'the answer') };
        const by = userName();
        const client = await context.connect();
        const answer = await client.call('signal/send', { run, name, ...payload, ...(by === '' ? {} : { by }) }).catch((error: unknown) => {
          if (file !== undefined || !(error instanceof CodedError) || error.code !== 'invalid-inputs') throw error;
          throw new CodedError(error.code, `${error.message} Give it with --payload FILE, or with --payload - and stdin.`);
        });
        context.show(answer, () =>
          answer.ended.length === 0
            ? say("'{name}' of {run} is answered. No step waits for it yet: it continues as soon as it does.", { name, run })
            : say("{count, plural, =1 {'{name}' of {run} is answered, and {job} continues.} other {'{name}' of {run} is answered, and # jobs continue.}}", { count: answer.ended.length, name, run, job: answer.ended[0] ?? '' }),
        );
        return exitCodes.done;
      }),
    );
};
