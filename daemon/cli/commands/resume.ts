import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { renderResumed } from '../render/queues.ts';

export const addResume: AddCommand = (program, runtime) => {
  program
    .command('resume')
    .argument('<queue>', 'name of the queue')
    .description('start jobs of a queue again that is paused, or held because a receiver asked for a pause')
    .addHelpText('after', examples(['sluice resume erp', 'go on where it was paused']))
    .action(
      runtime.action(async (context, queue: string) => {
        const resumed = await (await context.connect()).call('queue/resume', { queue });
        context.show(resumed, (view) => renderResumed(resumed, view));
        return exitCodes.done;
      }),
    );
};
