import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { SetSecretArgument } from '../../schemas/language/code-actions.ts';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import { askSecretName } from '../secrets/ask-secret-name.ts';
import type { Command } from './command.ts';

/** Kept by VS Code, and in the daemon's memory as long as it runs; never in a file. */
export const setSecret: Command = {
  id: commands.setSecret,
  acts: true,
  run: async (app, argument) => {
    const named = readArgument(argument);
    const project = named === undefined ? await askProject(app, argument) : app.projects.ofFile(vscode.Uri.parse(named.uri));
    const name = project === undefined ? undefined : (named?.secret ?? (await askSecretName(app, project)));
    if (project === undefined || name === undefined) return undefined;
    const value = await app.ask.input({
      title: l10n.t('Value of {0}', name),
      prompt: l10n.t('VS Code keeps it in the keychain of the system, and gives it to the daemon when it is connected.'),
      password: true,
      validateInput: (typed) => (typed === '' ? l10n.t('A secret has at least one character.') : undefined),
    });
    if (value === undefined || value === '') return undefined;
    await app.secrets.set(project.folder, name, value);
    const { from } = await (await project.connection.ensure()).call('secret/set', { name, value, persist: false });
    const message =
      from === 'environment'
        ? l10n.t("{0} was set, but the daemon's variable SLUICE_SECRET_{0} goes before it.", name)
        : l10n.t('{0} was set.', name);
    void app.ask.tell(from === 'environment' ? 'warning' : 'information', message);
    return name;
  },
};

/** What a quick fix of the language server hands over. */
function readArgument(argument: unknown): SetSecretArgument | undefined {
  if (!isJsonObject(argument)) return undefined;
  const { uri, secret } = argument;
  return typeof uri === 'string' && typeof secret === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(secret) ? { uri, secret } : undefined;
}
