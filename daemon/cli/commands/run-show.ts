import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parseRunId } from '../option-parsers.ts';
import { renderRun } from '../render/runs.ts';

export const addRunShow: AddCommand = (program, runtime) => {
  program
    .command('run-show')
    .argument('<id>', 'such as r12', parseRunId)
    .description('show a run: its steps with counts of their jobs, its error, and what to do next')
    .addHelpText('after', examples(['sluice run-show r12', 'how far it is']))
    .action(
      runtime.action(async (context, id: string) => {
        const run = await (await context.connectToLook()).call('run/get', { id });
        context.show(run, (view) => renderRun(run, view));
        return exitCodes.done;
      }),
    );
};
