import type { Command } from 'commander';
import { type AddCommand, type CommandRuntime, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { parseBulkId } from '../option-parsers.ts';
import { renderBulk, renderBulks } from '../render/bulk.ts';

/** `sluice bulk`: work on many jobs, which the daemon carries on by itself. */
export const addBulk: AddCommand = (program, runtime) => {
  const bulk = program
    .command('bulk')
    .description('show, continue or cancel bulk work: operations on many jobs, such as a replay of all dead letters')
    .addHelpText('after', examples(['sluice dead replay --all --detach', 'start bulk work, and print its id'], ['sluice bulk', 'its progress'], ['sluice bulk cancel b3 --take-back', 'stop a replay, and take back what waits']));
  addList(bulk, runtime);
  addShow(bulk, runtime);
  addContinue(bulk, runtime);
  addCancel(bulk, runtime);
};

function addList(bulk: Command, runtime: CommandRuntime): void {
  bulk
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('list bulk work, newest first (the default of `sluice bulk`)')
    .action(
      runtime.action(async (context, _options: object, command: Command) => {
        // As the default command, it gets whatever is misspelled.
        const [word] = command.args;
        if (word !== undefined) throw new UsageError(`unknown command 'bulk ${word}': there are bulk list, bulk show, bulk continue and bulk cancel`);
        const { bulks } = await (await context.connectToLook()).call('bulk/list', {});
        context.show(bulks, (view) => renderBulks(bulks, view));
        return exitCodes.done;
      }),
    );
}

function addShow(bulk: Command, runtime: CommandRuntime): void {
  bulk
    .command('show')
    .argument('<id>', 'such as b3', parseBulkId)
    .description('show its progress, and what happened to the jobs that it replayed')
    .action(
      runtime.action(async (context, id: string) => {
        const client = await context.connectToLook();
        const found = await client.call('bulk/get', { id });
        const outcome = found.action === 'replay' && found.done > 0 ? await client.call('bulk/tally', { id }) : undefined;
        context.show(outcome === undefined ? found : { ...found, outcome }, (view) => renderBulk(found, outcome, view));
        return found.state === 'failed' ? exitCodes.failed : exitCodes.done;
      }),
    );
}

function addContinue(bulk: Command, runtime: CommandRuntime): void {
  bulk
    .command('continue')
    .argument('<id>', 'such as b3', parseBulkId)
    .description('continue with the remaining jobs after a canary')
    .option('--rate <rate>', 'of a replay: the rate for the remaining jobs, such as 10/min')
    .action(
      runtime.action(async (context, id: string, { rate }: { readonly rate?: string }) => {
        const client = await context.connect();
        const found = await client.call('bulk/continue', { id, ...(rate === undefined ? {} : { rate }) });
        context.show(found, (view) => renderBulk(found, undefined, view));
        return exitCodes.done;
      }),
    );
}

function addCancel(bulk: Command, runtime: CommandRuntime): void {
  bulk
    .command('cancel')
    .argument('<id>', 'such as b3', parseBulkId)
    .description('stop it; jobs that it has not reached stay as they are')
    .option('--take-back', 'of a replay: jobs that have not been attempted yet become dead letters again')
    .action(
      runtime.action(async (context, id: string, { takeBack = false }: { readonly takeBack?: boolean }) => {
        const client = await context.connect();
        const found = await client.call('bulk/cancel', { id, ...(takeBack ? { takeBack } : {}) });
        context.show(found, (view) => renderBulk(found, undefined, view));
        return exitCodes.done;
      }),
    );
}
