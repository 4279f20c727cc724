import type { AddCommand } from '../command-runtime.ts';
import { addDeadSelection, countDead, readDeadSelection, type DeadSelectionOptions } from '../dead-selection.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { formatCount } from '../render/format.ts';
import { renderDiscarded } from '../render/jobs.ts';
import { UsageError } from '../usage-error.ts';

interface DiscardOptions extends DeadSelectionOptions {
  readonly reason?: string;
  readonly detach?: boolean;
}

export const addDeadDiscard: AddCommand = (dead, runtime) => {
  addDeadSelection(dead.command('discard').description('give dead letters up; that can not be undone'))
    .option('--reason <text>', 'why, for whoever looks at them later')
    .option('--detach', 'of --all: print an id and let the daemon go on by itself; `sluice bulk` shows how far it is')
    .addHelpText(
      'after',
      examples(["sluice dead discard j40 j41 --reason 'the orders were made by hand'", 'two'], ['sluice dead discard --all --queue erp --yes', 'all of a queue, without being asked']),
    )
    .action(
      runtime.action(async (context, ids: readonly string[] | undefined, { reason, detach = false, ...options }: DiscardOptions) => {
        const { terminal } = context;
        const selection = readDeadSelection(ids ?? [], options);
        if (detach && selection.all !== true) throw new UsageError('--detach goes with --all.');
        const mustConfirm = selection.all === true && options.yes !== true;
        if (mustConfirm && (context.json || !terminal.canAsk)) {
          throw new UsageError('Discarding can not be undone: --all needs --yes where nobody can be asked.');
        }
        const client = await context.connect();
        if (mustConfirm) {
          const { count, isMore } = await countDead(client, selection);
          if (count > 0 && !(await terminal.confirm(`Discard ${isMore ? 'more than ' : ''}${formatCount(count, 'dead letter')}? That can not be undone.`))) {
            terminal.err('Nothing was discarded.');
            return exitCodes.failed;
          }
        }
        const params = { ...selection, ...(reason === undefined ? {} : { reason }) };
        if (detach) {
          const bulk = await client.call('bulk/start', { action: 'discard', ...params });
          context.show(bulk, () => bulk.id);
          return exitCodes.done;
        }
        const result = await client.call('dead/discard', params);
        context.show(result, () => renderDiscarded(result.discarded));
        return exitCodes.done;
      }),
    );
};
