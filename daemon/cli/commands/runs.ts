import { Option } from 'commander';
import type { DaemonClient } from '../../../client/daemon-client.ts';
import { type AddCommand, examples, type CommandContext } from '../command-context.ts';
import { exitCodes } from '../exit-code.ts';
import { parsePositive, parseRunId, parseId, parseCount } from '../option-parsers.ts';
import { collectPages } from '../pages.ts';
import { formatJson, say } from '../render/format.ts';
import { renderRun, renderRuns } from '../render/runs.ts';
import { CodedError } from '../../../schemas/protocol/error.ts';
import { type RunState, runStates } from '../../../schemas/protocol/id.ts';
import type { Result } from '../../../schemas/protocol/method.ts';

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
    .description('list runs, newest first; child runs are counted under their run')
    .option('--workflow <workflow>', 'only of this workflow')
    .addOption(new Option('-s, --state <state>', 'in this state').choices(runStates))
    .option('--parent <run>', 'child runs of this run: those that its steps started', parseRunId)
    .option('-a, --all', 'also child runs: those that steps of other runs started')
    .option('-n, --limit <n>', 'at most this many', parsePositive, 20)
    .addHelpText('after', examples(['sluice runs --state failed', 'what went wrong'], ['sluice runs --parent r12 --state failed', 'which of its child runs have failed']))
    .action(
      runtime.action(async (context, { limit, ...filter }: RunsOptions) => {
        const client = await context.connectToLook();
        const { entries, more } = await collectPages(limit, (page) => client.call('run/list', { ...filter, ...page }), ({ runs }) => runs);
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
    .addHelpText('after', examples(['sluice run-show r12', 'its progress']))
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
    .description('do the remaining items of a run that was started with --first')
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
    .option('--step <step>', 'as seen by this step')
    .option('--item <index>', "as seen by this item of the step's foreach, from 0 (default: the first)", parseCount)
    .description('print the value of an expression in a run; exit 1 if it has none')
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

export const addCancel: AddCommand = (program, runtime) => {
  program
    .command('cancel')
    .argument('<id>', 'a run (r12) or a job (j40)', parseId)
    .description('cancel a job, or a run with all its jobs that have not ended; if the run has ended, take its replayed jobs back')
    .option('-y, --yes', "take replayed jobs back without asking")
    .addHelpText('after', examples(['sluice cancel r12', 'the whole run'], ['sluice cancel j40', 'one job of it']))
    .action(
      runtime.action(async (context, id: string, { yes = false }: { readonly yes?: boolean }) => {
        const client = await context.connect();
        const cancelled = id.startsWith('r') ? await cancelRun(context, client, id, yes) : await client.call('job/cancel', { id });
        if (cancelled === undefined) {
          context.terminal.err('Nothing was cancelled.');
          return exitCodes.failed;
        }
        context.show(cancelled, () => {
          if ('takenBack' in cancelled) return takenBackText(cancelled);
          return cancelled.state === 'cancelled' ? `${id} is cancelled.` : `${id} will be cancelled; it is ${cancelled.state} still.`;
        });
        return exitCodes.done;
      }),
    );
};

/** Undefined if a person was asked, and refused. */
async function cancelRun(context: CommandContext, client: DaemonClient, id: string, yes: boolean): Promise<Result<'run/cancel'> | undefined> {
  const { terminal } = context;
  try {
    return await client.call('run/cancel', { id });
  } catch (error) {
    // It has ended, and jobs of it were replayed. They may be worth more as dead letters than cancelled, so that is another question.
    if (!(error instanceof CodedError) || error.code !== 'wrong-state' || typeof error.data['open'] !== 'number') throw error;
    if (!yes && (context.json || !terminal.canAsk)) throw new CodedError(error.code, `${error.message} \`sluice cancel ${id} --yes\` does that.`, error.data);
    if (!yes && !(await terminal.confirm(`${error.message} Take it back?`))) return undefined;
    return client.call('run/cancel', { id, takeBack: true });
  }
}

function takenBackText({ id, takenBack = 0, jobs: { open } }: Result<'run/cancel'>): string {
  const taken = takenBack === 0 ? say('No replayed job of {id} was waiting.', { id }) : say('{count, plural, one {# replayed job of {id} is a dead letter again.} other {# replayed jobs of {id} are dead letters again.}}', { count: takenBack, id });
  if (open === 0) return taken;
  return `${taken} ${say('{count, plural, one {# is under way, and will end by itself; if it fails and waits for another attempt, cancel again.} other {# are under way, and will end by themselves; if one fails and waits for another attempt, cancel again.}}', { count: open })}`;
}
