import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { renderQueueLine } from '../render/queues.ts';

export const addResume: AddCommand = (program, runtime) => {
  program
    .command('resume')
    .argument('<queue>', 'name of the queue')
    .description('start jobs of a paused queue again')
    .addHelpText('after', examples(['sluice resume erp', 'go on where it was paused']))
    .action(
      runtime.action(async (context, queue: string) => {
        const view = await (await context.connect()).call('queue/resume', { queue });
        context.show(view, () => renderQueueLine(view));
        return exitCodes.done;
      }),
    );
};
