import { Option } from 'commander';
import { type AddCommand, examples } from '../command-runtime.ts';
import { exitCodes } from '../exit-code.ts';
import { parsePositive, parseRunId, parseId, parseCount } from '../option-parsers.ts';
import { collectPages } from '../pages.ts';
import { formatJson } from '../render/format.ts';
import { renderRun, renderRuns } from '../render/runs.ts';
import { type RunState, runStates } from '../../../schemas/protocol/id.ts';

interface RunsOptions {
  readonly workflow?: string;
  readonly state?: RunState;
  readonly parent?: string;
  readonly all?: boolean;
  readonly limit: number;
}

export const addRuns: AddCommand = (program, runtime) => {
  program
    .command('runs')
    .description('list runs, newest first')
    .option('--workflow <workflow>', 'of this workflow')
    .addOption(new Option('-s, --state <state>', 'in this state').choices(runStates))
    .option('--parent <run>', 'started by steps of this run', parseRunId)
    .option('-a, --all', 'also those that steps of other runs have started')
    .option('-n, --limit <n>', 'at most so many', parsePositive, 20)
    .addHelpText('after', examples(['sluice runs --state failed', 'what went wrong'], ['sluice runs --parent r12', 'what its steps have started']))
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

export const addRunShow: AddCommand = (program, runtime) => {
  program
    .command('run-show')
    .argument('<id>', 'such as r12', parseRunId)
    .description('show a run: its steps with counts of their jobs, its error, and what to do next')
    .addHelpText('after', examples(['sluice run-show r12', 'how far it is']))
    .action(
      runtime.action(async (context, id: string) => {
        const run = await (await context.connectToLook()).call('run/get', { id });
        context.show(run, (view) => renderRun(run, view));
        return exitCodes.done;
      }),
    );
};

export const addContinue: AddCommand = (program, runtime) => {
  program
    .command('continue')
    .argument('<run>', 'a run (r12) that was started with --first', parseId)
    .description('let a run take the rest of its items')
    .addHelpText('after', examples(['sluice run newsletter -i list=@people.csv --first 5', 'five of them'], ['sluice continue r12', 'and then the others']))
    .action(
      runtime.action(async (context, id: string) => {
        const client = await context.connect();
        const run = await client.call('run/continue', { id });
        context.show(run, () => `${id} takes the rest of its items.`);
        return exitCodes.done;
      }),
    );
};

interface EvalOptions {
  readonly step?: string;
  readonly item?: number;
}

export const addEval: AddCommand = (program, runtime) => {
  program
    .command('eval')
    .argument('<id>', 'a run, such as r12', parseRunId)
    .argument('<expression>', 'CEL, without ${{ and }}')
    .option('--step <step>', 'as this step sees it')
    .option('--item <index>', "as this item of the step's foreach sees it, from 0; the first if it is left out", parseCount)
    .description('give the value that an expression has in a run; exit 1 where it has none')
    .addHelpText('after', examples(["sluice eval r12 'steps.fetch.output.status'", 'what a step gave'], ["sluice eval r12 'contact.email' --step look_up --item 3", 'what an item holds']))
    .action(
      runtime.action(async (context, id: string, expression: string, { step, item }: EvalOptions) => {
        const { error, ...found } = await (await context.connectToLook()).call('run/evaluate', {
          id,
          expression,
          ...(step === undefined ? {} : { step }),
          ...(item === undefined ? {} : { index: item }),
        });
        if (error !== undefined) {
          context.terminal.err(context.json ? JSON.stringify({ error: { code: 'no-value', ...error } }) : `No value: ${error.message}`);
          return exitCodes.failed;
        }
        context.show(found, () => (found.preview === undefined ? formatJson(found.value) : `${found.preview}\n(the beginning of ${found.size ?? 0} characters)`));
        return exitCodes.done;
      }),
    );
};
