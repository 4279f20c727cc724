import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { formatCount } from '../render/format.ts';
import { renderQueueLine } from '../render/queues.ts';
import { UsageError } from '../usage-error.ts';

interface ReleaseOptions {
  readonly yes?: boolean;
}

export const addQueuesRelease: AddCommand = (queues, runtime) => {
  queues
    .command('release')
    .argument('<queue>', 'name of a queue that no file declares any longer')
    .description('let the jobs of a queue go that is no longer declared: its last limits hold no more, the defaults do')
    .option('--yes', "don't ask")
    .addHelpText('after', examples(['sluice queues release erp', 'without a rate limit, 10 at the same time']))
    .action(
      runtime.action(async (context, queue: string, { yes = false }: ReleaseOptions) => {
        const { terminal } = context;
        if (!yes && (context.json || !terminal.canAsk)) throw new UsageError('Releasing a queue lifts its limits: it needs --yes where nobody can be asked.');
        const client = await context.connect();
        if (!yes) {
          const { queues: all } = await client.call('queue/list', {});
          const view = all.find(({ name }) => name === queue);
          const waiting = view === undefined ? 0 : view.depth.pending + view.depth.delayed + view.depth.active;
          if (view !== undefined) terminal.err(renderQueueLine(view));
          if (!(await terminal.confirm(`Let ${formatCount(waiting, 'job')} of ${queue} go without these limits?`))) {
            terminal.err('Nothing was released.');
            return exitCodes.failed;
          }
        }
        const released = await client.call('queue/release', { queue });
        context.show(released, () => renderQueueLine(released));
        return exitCodes.done;
      }),
    );
};
