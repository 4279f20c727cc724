import type { AddCommand } from '../command-runtime.ts';
import { exitCodes } from '../exit-code.ts';
import { collectJobIds } from '../option-parsers.ts';
import { formatCount } from '../render/format.ts';

export const addDeadDropEdit: AddCommand = (dead, runtime) => {
  dead
    .command('drop-edit')
    .argument('<id...>', 'such as j40', collectJobIds)
    .description('drop saved edits of dead letters; their next replay sends what was sent before')
    .action(
      runtime.action(async (context, ids: readonly string[]) => {
        const client = await context.connect();
        const dropped: string[] = [];
        for (const id of new Set(ids)) if ((await client.call('draft/drop', { id })).dropped) dropped.push(id);
        context.show({ dropped: dropped.length, ids: dropped }, () => (dropped.length === 0 ? 'There was no saved edit to drop.' : `${formatCount(dropped.length, 'saved edit')} dropped.`));
        return exitCodes.done;
      }),
    );
};
