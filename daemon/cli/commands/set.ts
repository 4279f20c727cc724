import { InvalidArgumentError } from 'commander';
import type { Params } from '../../../schemas/protocol/method.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parsePositive } from '../option-parsers.ts';
import { renderQueueLine } from '../render/queues.ts';
import { UsageError } from '../usage-error.ts';

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
    .description("set a queue's limits at once, kept over restarts, over what the file says")
    .option('--rate <rate>', 'such as 50/min; none for no limit; file for what the file says')
    .option('--concurrency <n>', 'attempts at the same time; file for what the file says', parseConcurrency)
    .addHelpText('after', examples(['sluice set erp --rate 50/min --concurrency 5', 'slower from now on'], ['sluice set erp --rate file', 'what the file says again']))
    .action(
      runtime.action(async (context, queue: string, { rate, concurrency }: SetOptions) => {
        if (rate === undefined && concurrency === undefined) throw new UsageError('Say what to set: --rate 50/min, --concurrency 5, or both.');
        const params: Params<'queue/set'> = {
          queue,
          ...(rate === undefined ? {} : { rate: rate === asInFile ? null : rate }),
          ...(concurrency === undefined ? {} : { concurrency: concurrency === asInFile ? null : concurrency }),
        };
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
