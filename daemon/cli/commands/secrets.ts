import type { AddCommand } from '../command-runtime.ts';
import { examples } from '../examples.ts';
import { addSecretsDelete } from './secrets-delete.ts';
import { addSecretsList } from './secrets-list.ts';
import { addSecretsSet } from './secrets-set.ts';

export const addSecrets: AddCommand = (program, runtime) => {
  const secrets = program
    .command('secrets')
    .description('list, set or delete secrets; their values are never shown')
    .addHelpText('after', examples(['sluice secrets', 'their names'], ['sluice secrets set ERP_TOKEN < token.txt', 'keep one'], ['sluice secrets delete ERP_TOKEN', 'forget it']));
  addSecretsList(secrets, runtime);
  addSecretsSet(secrets, runtime);
  addSecretsDelete(secrets, runtime);
};
