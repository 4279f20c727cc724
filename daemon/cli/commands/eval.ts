import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parseCount, parseRunId } from '../option-parsers.ts';
import { formatJson } from '../render/format.ts';

interface EvalOptions {
  readonly step?: string;
  readonly item?: number;
}

export const addEval: AddCommand = (program, runtime) => {
  program
    .command('eval')
    .argument('<id>', 'a run, such as r12', parseRunId)
    .argument('<expression>', 'CEL, without ${{ and }}')
    .option('--step <step>', 'as this step sees it')
    .option('--item <index>', "as this item of the step's foreach sees it, from 0; the first where it is left out", parseCount)
    .description('give the value that an expression has in a run; exit 1 where it has none')
    .addHelpText('after', examples(["sluice eval r12 'steps.fetch.output.status'", 'what a step gave'], ["sluice eval r12 'contact.email' --step look_up --item 3", 'what an item holds']))
    .action(
      runtime.action(async (context, id: string, expression: string, { step, item }: EvalOptions) => {
        const { error, ...found } = await (await context.connectToLook()).call('run/evaluate', {
          id,
          expression,
          ...(step === undefined ? {} : { step }),
          ...(item === undefined ? {} : { index: item }),
        });
        if (error !== undefined) {
          context.terminal.err(context.json ? JSON.stringify({ error: { code: 'no-value', ...error } }) : `No value: ${error.message}`);
          return exitCodes.failed;
        }
        context.show(found, () => (found.preview === undefined ? formatJson(found.value) : `${found.preview}\n(the beginning of ${found.size ?? 0} characters)`));
        return exitCodes.done;
      }),
    );
};
