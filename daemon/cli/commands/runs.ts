import { Option } from 'commander';
import { runStates, type RunState } from '../../../schemas/protocol/state.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parsePositive } from '../option-parsers.ts';
import { collectPages } from '../pages.ts';
import { renderRuns } from '../render/runs.ts';

interface RunsOptions {
  readonly workflow?: string;
  readonly state?: RunState;
  readonly limit: number;
}

export const addRuns: AddCommand = (program, runtime) => {
  program
    .command('runs')
    .description('list runs, newest first')
    .option('--workflow <workflow>', 'of this workflow')
    .addOption(new Option('-s, --state <state>', 'in this state').choices(runStates))
    .option('-n, --limit <n>', 'at most so many', parsePositive, 20)
    .addHelpText('after', examples(['sluice runs --state failed', 'what went wrong']))
    .action(
      runtime.action(async (context, { limit, ...filter }: RunsOptions) => {
        const client = await context.connectToLook();
        const { entries, more } = await collectPages(limit, async (page) => {
          const { runs, next } = await client.call('run/list', { ...filter, ...page });
          return { entries: runs, next };
        });
        context.show(entries, (view) => renderRuns(entries, { more, filtered: Object.keys(filter).length > 0 }, view));
        return exitCodes.done;
      }),
    );
};
