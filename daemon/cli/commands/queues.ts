import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { renderQueues } from '../render/queues.ts';
import { addQueuesMove } from './queues-move.ts';
import { addQueuesRelease } from './queues-release.ts';

export const addQueues: AddCommand = (program, runtime) => {
  const queues = program
    .command('queues')
    .description('show every queue: depth by state, rate used, throughput, failures, when it will be drained')
    .addHelpText('after', examples(['sluice queues', 'how full they are'], ['sluice queues --json | jq ".[].depth"', 'for a script']))
    .action(
      runtime.action(async (context) => {
        const list = (await (await context.connectToLook()).call('queue/list', {})).queues;
        context.show(list, (view) => renderQueues(list, view));
        return exitCodes.done;
      }),
    );
  addQueuesMove(queues, runtime);
  addQueuesRelease(queues, runtime);
};
