import { type AddCommand, examples } from '../command-runtime.ts';
import { exitCodes } from '../exit-code.ts';
import { parseId } from '../option-parsers.ts';

export const addCancel: AddCommand = (program, runtime) => {
  program
    .command('cancel')
    .argument('<id>', 'a run (r12) or a job (j40)', parseId)
    .description('cancel a run with all its jobs that have not ended, or a single job')
    .addHelpText('after', examples(['sluice cancel r12', 'the whole run'], ['sluice cancel j40', 'one job of it']))
    .action(
      runtime.action(async (context, id: string) => {
        const client = await context.connect();
        const cancelled = id.startsWith('r') ? await client.call('run/cancel', { id }) : await client.call('job/cancel', { id });
        context.show(cancelled, () => (cancelled.state === 'cancelled' ? `${id} is cancelled.` : `${id} will be cancelled; it is ${cancelled.state} still.`));
        return exitCodes.done;
      }),
    );
};
