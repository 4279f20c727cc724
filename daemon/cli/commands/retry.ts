import type { AddCommand } from '../command-runtime.ts';
import { addDeadFilter, readDeadSelection, type DeadSelectionOptions } from '../dead-selection.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { collectJobIds } from '../option-parsers.ts';
import { formatCount } from '../render/format.ts';

export const addRetry: AddCommand = (program, runtime) => {
  addDeadFilter(
    program
      .command('retry')
      .description('try delayed jobs now, instead of when their time comes; rates and pauses hold all the same')
      .argument('[id...]', 'such as j40', collectJobIds)
      .option('-a, --all', 'all delayed jobs that the conditions let through'),
  )
    .addHelpText('after', examples(['sluice retry j40', 'one'], ['sluice retry --all --queue erp', 'all of a queue, now that the other side is back']))
    .action(
      runtime.action(async (context, ids: readonly string[] | undefined, options: DeadSelectionOptions) => {
        const selection = readDeadSelection(ids ?? [], options, { noun: 'delayed jobs', shownBy: 'sluice jobs --state delayed' });
        const client = await context.connect();
        const result = await client.call('job/retry', selection);
        context.show(result, () => (result.retried === 0 ? 'No job is delayed.' : `${formatCount(result.retried, 'job is', 'jobs are')} due now.`));
        return exitCodes.done;
      }),
    );
};
