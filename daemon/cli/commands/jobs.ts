import { Option } from 'commander';
import { type AddCommand, examples } from '../command-context.ts';
import { addDeadFilter, readDeadSelection, type DeadSelectionOptions } from '../dead-selection.ts';
import { exitCodes } from '../exit-code.ts';
import { parsePositive, parseRunId, parseJobId, collectJobIds } from '../option-parsers.ts';
import { collectPages } from '../pages.ts';
import { formatCount } from '../render/format.ts';
import { filterHelp, withSavedFilter } from '../saved-filter.ts';
import { renderJob, renderJobs } from '../render/jobs.ts';
import type { Params } from '../../../schemas/protocol/method.ts';
import { type JobState, jobStates } from '../../../schemas/protocol/id.ts';

interface JobsOptions {
  readonly queue?: string;
  readonly state?: JobState;
  readonly run?: string;
  readonly step?: string;
  readonly where?: string;
  readonly filter?: string;
  readonly limit: number;
}

export const addJobs: AddCommand = (program, runtime) => {
  program
    .command('jobs')
    .description('list jobs, newest first')
    .option('-q, --queue <queue>', 'only of this queue')
    .addOption(new Option('-s, --state <state>', 'in this state').choices(jobStates))
    .option('-r, --run <id>', 'only of this run', parseRunId)
    .option('--step <step>', 'only of this step')
    .option('-w, --where <cel>', 'for which this CEL expression over their fields is true')
    .option('--filter <name>', filterHelp)
    .option('-n, --limit <n>', 'at most this many', parsePositive, 50)
    .addHelpText(
      'after',
      examples(
        ['sluice jobs --queue erp --state delayed', 'what will be tried again'],
        [`sluice jobs --where 'error.status == 503'`, 'what a server refused'],
        ['sluice jobs --limit 5000 --json', 'many, for a script'],
      ),
    )
    .action(
      runtime.action(async (context, { limit, ...options }: JobsOptions) => {
        const conditions: Params<'job/list'> = await withSavedFilter(context, options, { takes: ['queue', 'state', 'run', 'step', 'where'], noun: 'jobs' });
        const client = await context.connectToLook();
        const { entries, more } = await collectPages(limit, (page) => client.call('job/list', { ...conditions, ...page }), ({ jobs }) => jobs);
        context.show(entries, (view) => renderJobs(entries, { more, filtered: Object.keys(conditions).length > 0 }, view));
        return exitCodes.done;
      }),
    );
};

export const addJob: AddCommand = (program, runtime) => {
  program
    .command('job')
    .argument('<id>', 'such as j40', parseJobId)
    .description('show a job: its payload, every attempt with its error, and what to do next')
    .addHelpText('after', examples(['sluice job j40', 'everything about it'], ['sluice job j40 --json | jq .payload > payload.json', 'its payload, to edit it']))
    .action(
      runtime.action(async (context, id: string) => {
        const job = await (await context.connectToLook()).call('job/get', { id });
        context.show(job, (view) => renderJob(job, view));
        return exitCodes.done;
      }),
    );
};

export const addRetry: AddCommand = (program, runtime) => {
  addDeadFilter(
    program
      .command('retry')
      .description('try delayed jobs now instead of at their due time; rates and pauses still apply')
      .argument('[id...]', 'such as j40', collectJobIds)
      .option('-a, --all', 'all delayed jobs that match the conditions'),
  )
    .addHelpText('after', examples(['sluice retry j40', 'one'], ['sluice retry --all --queue erp', 'all of a queue, when the receiver is available again']))
    .action(
      runtime.action(async (context, ids: readonly string[] | undefined, options: DeadSelectionOptions) => {
        const selection = await readDeadSelection(context, ids ?? [], options, { noun: 'delayed jobs', shownBy: 'sluice jobs --state delayed', state: 'delayed' });
        const client = await context.connect();
        const result = await client.call('job/retry', selection);
        context.show(result, () => (result.retried === 0 ? 'No job is delayed.' : `${formatCount(result.retried, 'job is', 'jobs are')} due now.`));
        return exitCodes.done;
      }),
    );
};
