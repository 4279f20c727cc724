import type { QueueView } from '../../../schemas/protocol/queue.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { formatCount } from '../render/format.ts';
import { renderQueueLine } from '../render/queues.ts';

interface MoveOptions {
  readonly to: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export const addQueuesMove: AddCommand = (queues, runtime) => {
  queues
    .command('move')
    .argument('<queue>', 'name of the queue that the jobs are in')
    .description('move all jobs of a queue to another one, whose limits they obey from then on: after a rename, say')
    .requiredOption('--to <queue>', 'name of a queue that a file declares')
    .option('--dry-run', 'only count')
    .option('--yes', "don't ask")
    .addHelpText('after', examples(['sluice queues move erp --to erp2', 'what waits, what is under way, and dead letters']))
    .action(
      runtime.action(async (context, queue: string, { to, dryRun = false, yes = false }: MoveOptions) => {
        const { terminal } = context;
        const client = await context.connect();
        if (!dryRun && !yes && !context.json && terminal.canAsk) {
          const { queues: all } = await client.call('queue/list', {});
          const { selected, carries } = await client.call('queue/move', { queue, to, dryRun: true });
          const target = all.find(({ name }) => name === to);
          if (target !== undefined) terminal.err(renderQueueLine(target));
          if (carries === true) terminal.err(carriedText(queue, to, 'will hold'));
          else if (isHeldBack(all.find(({ name }) => name === queue)) && !isHeldBack(target)) terminal.err(`${queue} is paused or held back, and ${to} is not: its jobs can start immediately.`);
          if (!(await terminal.confirm(`Move ${formatCount(selected, 'job')} from ${queue} to ${to}?`))) {
            terminal.err('Nothing was moved.');
            return exitCodes.failed;
          }
        }
        const result = await client.call('queue/move', { queue, to, ...(dryRun ? { dryRun } : {}) });
        context.show(result, () => {
          const moved = dryRun ? `${formatCount(result.selected, 'job')} would be moved from ${queue} to ${to}.` : `${formatCount(result.moved, 'job')} moved from ${queue} to ${to}.`;
          return result.carries === true ? `${moved}\n${carriedText(queue, to, dryRun ? 'would hold' : 'holds')}` : moved;
        });
        return exitCodes.done;
      }),
    );
};

function carriedText(queue: string, to: string, verb: string): string {
  return `What was set by hand for ${queue} ${verb} for ${to}: \`sluice queues\` shows it.`;
}

function isHeldBack(queue: QueueView | undefined): boolean {
  return queue !== undefined && (queue.paused || queue.heldUntil !== undefined);
}
