import { InvalidArgumentError } from 'commander';
import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { parsePositive } from '../option-parsers.ts';
import { formatCount } from '../render/format.ts';
import { renderQueueLine, renderQueues, renderResumed } from '../render/queues.ts';
import type { Params } from '../../../schemas/protocol/method.ts';
import type { QueueView } from '../../../schemas/protocol/queue.ts';

export const addQueues: AddCommand = (program, runtime) => {
  const queues = program
    .command('queues')
    .description('show all queues: depth by state, rate used, throughput, failures, and when each will be empty')
    .addHelpText('after', examples(['sluice queues', 'depths, rates and forecasts'], ['sluice queues --json | jq ".[].depth"', 'for a script']))
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

interface ReleaseOptions {
  readonly yes?: boolean;
}

const addQueuesRelease: AddCommand = (queues, runtime) => {
  queues
    .command('release')
    .argument('<queue>', 'name of a queue that no file declares')
    .description('release the jobs of a queue that is no longer declared: from then on the default limits apply instead of its last ones')
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

interface MoveOptions {
  readonly to: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const addQueuesMove: AddCommand = (queues, runtime) => {
  queues
    .command('move')
    .argument('<queue>', 'name of the queue that the jobs are in')
    .description('move all jobs of a queue to another queue and its limits, for example after a rename')
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

export const addPause: AddCommand = (program, runtime) => {
  program
    .command('pause')
    .argument('<queue>', 'name of the queue')
    .description('pause a queue: no more jobs start; active ones finish, waiting ones are kept')
    .addHelpText('after', examples(['sluice pause erp', 'until sluice resume erp, across restarts too']))
    .action(
      runtime.action(async (context, queue: string) => {
        const view = await (await context.connect()).call('queue/pause', { queue });
        context.show(view, () => renderQueueLine(view));
        return exitCodes.done;
      }),
    );
};

export const addResume: AddCommand = (program, runtime) => {
  program
    .command('resume')
    .argument('<queue>', 'name of the queue')
    .description('resume a queue that is paused, or held because a receiver asked to wait')
    .addHelpText('after', examples(['sluice resume erp', 'continue where it was paused']))
    .action(
      runtime.action(async (context, queue: string) => {
        const resumed = await (await context.connect()).call('queue/resume', { queue });
        context.show(resumed, (view) => renderResumed(resumed, view));
        return exitCodes.done;
      }),
    );
};

interface SetOptions {
  readonly rate?: string;
  readonly concurrency?: number | typeof asInFile;
}

/** What takes an override back. */
const asInFile = 'file';

export const addSet: AddCommand = (program, runtime) => {
  program
    .command('set')
    .argument('<queue>', 'name of the queue')
    .description("override the limits of a queue, immediately and across restarts")
    .option('--rate <rate>', 'such as 50/min, or several that hold together: 20/s,50000/d; none: no limit; file: the rate of the file again')
    .option('--concurrency <n>', 'attempts at the same time; file: the concurrency of the file again', parseConcurrency)
    .addHelpText('after', examples(['sluice set erp --rate 50/min --concurrency 5', 'slower from now on'], ['sluice set erp --rate 20/s,50000/d', 'both hold'], ['sluice set erp --rate file', 'the rate of the file again']))
    .action(
      runtime.action(async (context, queue: string, { rate, concurrency }: SetOptions) => {
        if (rate === undefined && concurrency === undefined) throw new UsageError('Say what to set: --rate 50/min, --concurrency 5, or both.');
        const params: Params<'queue/set'> = { queue, ...(rate === undefined ? {} : { rate }), ...(concurrency === undefined ? {} : { concurrency }) };
        const view = await (await context.connect()).call('queue/set', params);
        context.show(view, () => renderQueueLine(view));
        return exitCodes.done;
      }),
    );
};

function parseConcurrency(text: string): number | typeof asInFile {
  if (text === asInFile) return asInFile;
  const value = parsePositive(text);
  if (value > 10_000) throw new InvalidArgumentError('It is 10,000 at most.');
  return value;
}
