import * as vscode from 'vscode';
import { askProject } from '../ask/pickers.ts';
import type { SetSecretArgument } from '../../schemas/language/code-actions.ts';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import { askSecretName, placeText } from '../secrets/ask-secret-name.ts';
import type { Command } from './command.ts';
import { say } from '../wording/language.ts';

/** Kept by VS Code, and in the daemon's memory as long as it runs; never in a file. */
const setSecret: Command = {
  acts: true,
  run: async (app, argument) => {
    const named = readArgument(argument);
    const project = named === undefined ? await askProject(app, argument) : app.projects.ofFile(vscode.Uri.parse(named.uri));
    const name = project === undefined ? undefined : (named?.secret ?? (await askSecretName(app, project)));
    if (project === undefined || name === undefined) return undefined;
    const value = await app.ask.input({
      title: say('Value of {name}', { name }),
      prompt: say('VS Code keeps it in the keychain of the system, and gives it to the daemon when it is connected.'),
      password: true,
      validateInput: (typed) => (typed === '' ? say('A secret has at least one character.') : undefined),
    });
    if (value === undefined || value === '') return undefined;
    await app.secrets.set(project.folder, name, value);
    const { from } = await (await project.connection.ensure()).call('secret/set', { name, value, persist: false });
    const message =
      from === 'environment'
        ? say("{name} was set, but the daemon's variable SLUICE_SECRET_{name} goes before it.", { name })
        : say('{name} was set.', { name });
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

const deleteSecret: Command = {
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined) return undefined;
    const daemon = await project.connection.ensure();
    const { secrets } = await daemon.call('secret/list', {});
    // A variable of the daemon's environment is nothing that could be taken away from here.
    const items = secrets.filter(({ from }) => from !== 'environment').map((secret) => ({ label: secret.name, description: placeText(secret) }));
    if (items.length === 0) {
      void app.ask.tell('information', say('There is no secret of {project} that could be deleted.', { project: project.name }));
      return undefined;
    }
    const name = (await app.ask.pick(items, { placeHolder: say('Which secret is to be deleted?') }))?.label;
    if (name === undefined) return undefined;
    const isSure = await app.ask.confirm({
      question: say('Delete the secret {name}?', { name }),
      detail: say("Its value can't be brought back. Jobs that need it fail from now on."),
      verb: say('Delete'),
    });
    if (!isSure) return undefined;
    await daemon.call('secret/delete', { name });
    await app.secrets.delete(project.folder, name);
    return name;
  },
};

export const secretCommands = { setSecret, deleteSecret };
