import { Option } from 'commander';
import type { Params } from '../../../schemas/protocol/method.ts';
import { jobStates, type JobState } from '../../../schemas/protocol/state.ts';
import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parsePositive, parseRunId } from '../option-parsers.ts';
import { collectPages } from '../pages.ts';
import { renderJobs } from '../render/jobs.ts';

interface JobsOptions {
  readonly queue?: string;
  readonly state?: JobState;
  readonly run?: string;
  readonly step?: string;
  readonly where?: string;
  readonly limit: number;
}

export const addJobs: AddCommand = (program, runtime) => {
  program
    .command('jobs')
    .description('list jobs, newest first')
    .option('-q, --queue <queue>', 'of this queue')
    .addOption(new Option('-s, --state <state>', 'in this state').choices(jobStates))
    .option('-r, --run <id>', 'of this run', parseRunId)
    .option('--step <step>', 'of this step')
    .option('-w, --where <cel>', 'for which this CEL expression over their fields holds')
    .option('-n, --limit <n>', 'at most so many', parsePositive, 50)
    .addHelpText(
      'after',
      examples(
        ['sluice jobs --queue erp --state delayed', 'what will be tried again'],
        [`sluice jobs --where 'error.status == 503'`, 'what a server refused'],
        ['sluice jobs --limit 5000 --json', 'many, for a script'],
      ),
    )
    .action(
      runtime.action(async (context, { limit, ...filter }: JobsOptions) => {
        const client = await context.connectToLook();
        const conditions: Params<'job/list'> = filter;
        const { entries, more } = await collectPages(limit, async (page) => {
          const { jobs, next } = await client.call('job/list', { ...conditions, ...page });
          return { entries: jobs, next };
        });
        context.show(entries, (view) => renderJobs(entries, { more, filtered: Object.keys(filter).length > 0 }, view));
        return exitCodes.done;
      }),
    );
};
