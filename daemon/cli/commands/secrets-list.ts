import type { Command } from 'commander';
import type { SecretPlace, SecretView } from '../../../schemas/protocol/secret.ts';
import type { AddCommand } from '../command-runtime.ts';
import { exitCodes } from '../exit-code.ts';
import { oneLine } from '../render/format.ts';
import { renderTable } from '../render/table.ts';
import type { View } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

export const addSecretsList: AddCommand = (secrets, runtime) => {
  secrets
    .command('list', { isDefault: true })
    .allowExcessArguments()
    .description('list secrets by their names, and where each comes from; what `sluice secrets` alone does')
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
