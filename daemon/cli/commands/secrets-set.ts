import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { parseSecretName } from '../option-parsers.ts';
import { UsageError } from '../usage-error.ts';

/** As large as the whole file of secrets may be. */
const maxValueBytes = 1_048_576;

export const addSecretsSet: AddCommand = (secrets, runtime) => {
  secrets
    .command('set')
    .argument('<name>', 'as in secrets.NAME', parseSecretName)
    .description('keep the value that stdin holds, in .sluice/state/secrets.env; at a terminal it is asked for, and not shown')
    .addHelpText('after', examples(['sluice secrets set ERP_TOKEN < token.txt', 'from a file'], ['sluice secrets set ERP_TOKEN', 'typed, unseen']))
    .action(
      runtime.action(async (context, name: string) => {
        const { terminal } = context;
        // Whoever pipes a value in gets a line end with it from nearly every program; one is not part of it.
        const value = terminal.canAsk ? await terminal.askHidden(`Value of ${name}`) : (await terminal.readInput(maxValueBytes)).replace(/\r?\n$/, '');
        if (value === '') throw new UsageError(`There is no value: write it to stdin, \`sluice secrets set ${name} < FILE\`.`);
        const client = await context.connect();
        const secret = await client.call('secret/set', { name, value, persist: true });
        context.show(secret, () => `${name} is kept.`);
        return exitCodes.done;
      }),
    );
};
