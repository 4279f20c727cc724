import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { renderQueueLine } from '../render/queues.ts';

export const addPause: AddCommand = (program, runtime) => {
  program
    .command('pause')
    .argument('<queue>', 'name of the queue')
    .description('stop starting jobs of a queue; what is active ends, what waits is kept')
    .addHelpText('after', examples(['sluice pause erp', 'until sluice resume erp, over restarts too']))
    .action(
      runtime.action(async (context, queue: string) => {
        const view = await (await context.connect()).call('queue/pause', { queue });
        context.show(view, () => renderQueueLine(view));
        return exitCodes.done;
      }),
    );
};
