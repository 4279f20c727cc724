import type { Command } from 'commander';
import { type AddCommand, type CommandRuntime, examples } from '../command-runtime.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { parseBulkId } from '../option-parsers.ts';
import { renderBulk, renderBulks } from '../render/bulk.ts';

/** `sluice bulk`: work on many jobs, which the daemon carries on by itself. */
export const addBulk: AddCommand = (program, runtime) => {
  const bulk = program
    .command('bulk')
    .description('show, continue or cancel work on many jobs, such as a replay of all dead letters')
    .addHelpText('after', examples(['sluice dead replay --all --detach', 'begin some, and get its id'], ['sluice bulk', 'how far it is'], ['sluice bulk cancel b3 --take-back', 'end a replay, and take back what waits']));
  addList(bulk, runtime);
  addShow(bulk, runtime);
  addContinue(bulk, runtime);
  addCancel(bulk, runtime);
};

function addList(bulk: Command, runtime: CommandRuntime): void {
  bulk
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('list work on many jobs, the newest first; what `sluice bulk` alone does')
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
    .description('show how far it is, and what has become of the jobs that it replayed')
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
    .description('continue with the rest of what held after its first jobs')
    .option('--rate <rate>', 'of a replay: spread the rest out: 10/min')
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
    .description('end it; jobs that it has not come to stay as they are')
    .option('--take-back', 'of a replay: what no attempt has reached is a dead letter again')
    .action(
      runtime.action(async (context, id: string, { takeBack = false }: { readonly takeBack?: boolean }) => {
        const client = await context.connect();
        const found = await client.call('bulk/cancel', { id, ...(takeBack ? { takeBack } : {}) });
        context.show(found, (view) => renderBulk(found, undefined, view));
        return exitCodes.done;
      }),
    );
}
