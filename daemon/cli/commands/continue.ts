import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parseId } from '../option-parsers.ts';

export const addContinue: AddCommand = (program, runtime) => {
  program
    .command('continue')
    .argument('<run>', 'a run (r12) that was started with --first', parseId)
    .description('let a run take the rest of its items')
    .addHelpText('after', examples(['sluice run newsletter -i list=@people.csv --first 5', 'five of them'], ['sluice continue r12', 'and then the others']))
    .action(
      runtime.action(async (context, id: string) => {
        const client = await context.connect();
        const run = await client.call('run/continue', { id });
        context.show(run, () => `${id} takes the rest of its items.`);
        return exitCodes.done;
      }),
    );
};
