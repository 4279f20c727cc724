import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { renderQueues } from '../render/queues.ts';

export const addQueues: AddCommand = (program, runtime) => {
  program
    .command('queues')
    .description('show every queue: depth by state, rate used, throughput, failures, when it will be drained')
    .addHelpText('after', examples(['sluice queues', 'how full they are'], ['sluice queues --json | jq ".[].depth"', 'for a script']))
    .action(
      runtime.action(async (context) => {
        const { queues } = await (await context.connect()).call('queue/list', {});
        context.show(queues, (view) => renderQueues(queues, view));
        return exitCodes.done;
      }),
    );
};
