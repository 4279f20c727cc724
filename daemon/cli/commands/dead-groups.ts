import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parsePositive } from '../option-parsers.ts';
import { renderDeadGroups } from '../render/dead-letters.ts';

export const addDeadGroups: AddCommand = (dead, runtime) => {
  dead
    .command('groups')
    .description('count dead letters by what they failed with, the group of the latest first')
    .option('-q, --queue <queue>', 'of this queue')
    .option('-n, --limit <n>', 'at most so many', parsePositive, 50)
    .addHelpText('after', examples(['sluice dead groups', 'what failed, and how often'], ["sluice dead --group 'http/request: ECONNREFUSED'", 'the dead letters of a group']))
    .action(
      runtime.action(async (context, { queue, limit }: { readonly queue?: string; readonly limit: number }) => {
        const client = await context.connectToLook();
        const { groups, others } = await client.call('dead/groups', { limit: Math.min(limit, 1000), ...(queue === undefined ? {} : { queue }) });
        context.show(groups, (view) => renderDeadGroups(groups, others, view));
        return exitCodes.done;
      }),
    );
};
