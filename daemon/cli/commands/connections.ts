import type { Command } from 'commander';
import type { ConnectionView } from '../../../schemas/protocol/connection.ts';
import { connectionTestText, connectionUseMessages } from '../../../schemas/wording/connection.ts';
import { english } from '../../../schemas/wording/language.ts';
import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { oneLine } from '../render/format.ts';
import { renderTable } from '../render/table.ts';
import type { View } from '../terminal.ts';

export const addConnections: AddCommand = (program, runtime) => {
  const connections = program
    .command('connections')
    .description('list connections, or test one')
    .addHelpText('after', examples(['sluice connections', 'what is declared, and which secrets are missing'], ['sluice connections test crm --path /me', 'call it once, and see what it answers']));
  addList(connections, runtime);
  addTest(connections, runtime);
};

const addList: AddCommand = (connections, runtime) => {
  connections
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('list connections, how much of their limits is used, and the secrets that they lack (the default of `sluice connections`)')
    .action(
      runtime.action(async (context, _options: object, command: Command) => {
        // As the default command, it gets whatever is misspelled.
        const [word] = command.args;
        if (word !== undefined) throw new UsageError(`unknown command 'connections ${word}': there are connections list and connections test`);
        const client = await context.connectToLook();
        const { connections: found, problem } = await client.call('connection/list', {});
        if (problem !== undefined) context.notice(oneLine(problem));
        context.show(found, (view) => renderConnections(found, view));
        return exitCodes.done;
      }),
    );
};

function renderConnections(connections: readonly ConnectionView[], view: View): string {
  if (connections.length === 0) return 'There are no connections. .sluice/connections.yaml declares them.';
  const columns = [
    { title: 'CONNECTION', value: ({ name }: ConnectionView) => name },
    { title: 'TYPE', value: ({ type }: ConnectionView) => type },
    { title: 'ADDRESS', value: ({ address }: ConnectionView) => address },
    // Few have some, and the table is wide enough without.
    ...(connections.some(({ limits }) => limits !== undefined) ? [{ title: 'LIMITS', value: limitsOf }, { title: 'WAITING', value: ({ limits }: ConnectionView) => limits?.waiting.join(', ') ?? '' }] : []),
    { title: 'CREDENTIALS', value: ({ auth }: ConnectionView) => auth ?? 'none' },
    { title: 'MISSING SECRETS', value: ({ lacks }: ConnectionView) => lacks.join(', ') },
  ];
  return renderTable(connections, columns, view);
}

function limitsOf({ limits }: ConnectionView): string {
  return limits === undefined ? '' : connectionUseMessages(limits).map((use) => english.textOf(use)).join(', ');
}

const addTest: AddCommand = (connections, runtime) => {
  connections
    .command('test')
    .argument('<name>', 'as in connections.yaml')
    .description('call the other side once, and say whether it works and what it answered; sends no mail. Exit code 1 if it fails')
    .option('--path <path>', "of an HTTP API: what is called, by GET; the connection's own URL if omitted")
    .addHelpText('after', examples(['sluice connections test esp', 'greet a mail server, and log in'], ['sluice connections test crm --path /me', 'call an API']))
    .action(
      runtime.action(async (context, name: string, { path }: { readonly path?: string }) => {
        const client = await context.connect();
        const test = await client.call('connection/test', { name, ...(path === undefined ? {} : { path }) });
        context.show(test, () => [english.textOf(connectionTestText(test)), ...(test.body === undefined ? [] : [oneLine(test.body)])].join('\n'));
        return test.verdict === 'failed' ? exitCodes.failed : exitCodes.done;
      }),
    );
};
