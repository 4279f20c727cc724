import type { Command } from 'commander';
import type { AddCommand } from '../command-runtime.ts';
import { addDeadFilter, type DeadFilter } from '../dead-selection.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parsePositive } from '../option-parsers.ts';
import { collectPages } from '../pages.ts';
import { renderDeadLetters } from '../render/dead-letters.ts';
import { UsageError } from '../usage-error.ts';

export const addDeadList: AddCommand = (dead, runtime) => {
  addDeadFilter(dead.command('list', { isDefault: true }).allowExcessArguments().description('list dead letters, the one that died last first; what `sluice dead` alone does'))
    .option('-n, --limit <n>', 'at most so many', parsePositive, 50)
    .addHelpText('after', examples(['sluice dead list --run r12', 'of one run'], [`sluice dead --where 'error.status == 422'`, 'of one cause']))
    .action(
      runtime.action(async (context, { limit, ...filter }: DeadFilter & { readonly limit: number }, command: Command) => {
        // As the default command, it gets whatever is misspelled.
        const [word] = command.args;
        if (word !== undefined) throw new UsageError(`unknown command 'dead ${word}': there are dead list, dead groups, dead replay, dead edit, dead drop-edit, dead discard and dead export`);
        const client = await context.connectToLook();
        const { entries, more } = await collectPages(limit, async (page) => {
          const { jobs, next } = await client.call('dead/list', { ...filter, ...page });
          return { entries: jobs, next };
        });
        const { queue, ...narrowed } = filter;
        // Counted over all of them, which conditions leave out.
        const groups = context.json || entries.length < 2 || Object.keys(narrowed).length > 0 ? undefined : await client.call('dead/groups', queue === undefined ? {} : { queue });
        context.show(entries, (view) => renderDeadLetters(entries, { more, filtered: Object.keys(filter).length > 0, ...(groups === undefined ? {} : { groups }) }, view));
        return exitCodes.done;
      }),
    );
};
