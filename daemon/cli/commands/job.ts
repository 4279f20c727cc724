import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parseJobId } from '../option-parsers.ts';
import { renderJob } from '../render/job.ts';

export const addJob: AddCommand = (program, runtime) => {
  program
    .command('job')
    .argument('<id>', 'such as j40', parseJobId)
    .description('show a job: its payload, every attempt with its error, and what to do next')
    .addHelpText('after', examples(['sluice job j40', 'everything about it'], ['sluice job j40 --json | jq .payload > payload.json', 'its payload, to edit it']))
    .action(
      runtime.action(async (context, id: string) => {
        const job = await (await context.connectToLook()).call('job/get', { id });
        context.show(job, (view) => renderJob(job, view));
        return exitCodes.done;
      }),
    );
};
