import type { AddCommand } from '../command-runtime.ts';
import { exitCodes } from '../exit-code.ts';
import { parseSecretName } from '../option-parsers.ts';

export const addSecretsDelete: AddCommand = (secrets, runtime) => {
  secrets
    .command('delete')
    .argument('<name>', 'as in secrets.NAME', parseSecretName)
    .description('forget a secret; jobs that need it fail from then on')
    .action(
      runtime.action(async (context, name: string) => {
        const client = await context.connect();
        await client.call('secret/delete', { name });
        context.show({ name }, () => `${name} is deleted.`);
        return exitCodes.done;
      }),
    );
};
