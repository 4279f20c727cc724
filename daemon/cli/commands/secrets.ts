import type { Command } from 'commander';
import { type AddCommand, examples } from '../command-context.ts';
import { exitCodes, UsageError } from '../exit-code.ts';
import { parseSecretName } from '../option-parsers.ts';
import { oneLine } from '../render/format.ts';
import { renderTable } from '../render/table.ts';
import type { SecretPlace, SecretView } from '../../../schemas/protocol/secret.ts';
import type { View } from '../terminal.ts';

export const addSecrets: AddCommand = (program, runtime) => {
  const secrets = program
    .command('secrets')
    .description('list, set or delete secrets; their values are never shown')
    .addHelpText('after', examples(['sluice secrets', 'their names'], ['sluice secrets set ERP_TOKEN < token.txt', 'store one'], ['sluice secrets delete ERP_TOKEN', 'delete it']));
  addSecretsList(secrets, runtime);
  addSecretsSet(secrets, runtime);
  addSecretsDelete(secrets, runtime);
};

const addSecretsList: AddCommand = (secrets, runtime) => {
  secrets
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('list the names of secrets, and where each comes from (the default of `sluice secrets`)')
    .action(
      runtime.action(async (context, _options: object, command: Command) => {
        // As the default command, it gets whatever is misspelled.
        const [word] = command.args;
        if (word !== undefined) throw new UsageError(`unknown command 'secrets ${word}': there are secrets list, secrets set and secrets delete`);
        const client = await context.connectToLook();
        const { secrets: found, problem } = await client.call('secret/list', {});
        if (problem !== undefined) context.notice(oneLine(problem));
        context.show(found, (view) => renderSecrets(found, view));
        return exitCodes.done;
      }),
    );
};

const places: Readonly<Record<SecretPlace, string>> = {
  environment: 'a variable of the daemon',
  memory: 'an editor, until the daemon ends',
  file: '.sluice/state/secrets.env',
};

function renderSecrets(secrets: readonly SecretView[], view: View): string {
  if (secrets.length === 0) return 'There are no secrets. `sluice secrets set NAME` keeps one, read from stdin.';
  return renderTable(secrets, [{ title: 'SECRET', value: ({ name }) => name }, { title: 'FROM', value: ({ from }) => places[from] }], view);
}

/** As large as the whole file of secrets may be. */
const maxValueBytes = 1_048_576;

const addSecretsSet: AddCommand = (secrets, runtime) => {
  secrets
    .command('set')
    .argument('<name>', 'as in secrets.NAME', parseSecretName)
    .description('store the value from stdin in .sluice/state/secrets.env; on a terminal it asks for the value without showing it')
    .addHelpText('after', examples(['sluice secrets set ERP_TOKEN < token.txt', 'from a file'], ['sluice secrets set ERP_TOKEN', 'typed, and not shown']))
    .action(
      runtime.action(async (context, name: string) => {
        const { terminal } = context;
        // Anyone who pipes a value in gets a line end with it from nearly every program; one is not part of it.
        const value = terminal.canAsk ? await terminal.askHidden(`Value of ${name}`) : (await terminal.readInput(maxValueBytes)).replace(/\r?\n$/, '');
        if (value === '') throw new UsageError(`There is no value: write it to stdin, \`sluice secrets set ${name} < FILE\`.`);
        const client = await context.connect();
        const secret = await client.call('secret/set', { name, value, persist: true });
        context.show(secret, () => `${name} is kept.`);
        return exitCodes.done;
      }),
    );
};

const addSecretsDelete: AddCommand = (secrets, runtime) => {
  secrets
    .command('delete')
    .argument('<name>', 'as in secrets.NAME', parseSecretName)
    .description('delete a secret; jobs that need it fail from then on')
    .action(
      runtime.action(async (context, name: string) => {
        const client = await context.connect();
        await client.call('secret/delete', { name });
        context.show({ name }, () => `${name} is deleted.`);
        return exitCodes.done;
      }),
    );
};
