import * as vscode from 'vscode';
import type { QuickPickItem } from 'vscode';
import { askProject } from '../ask/pickers.ts';
import type { SetSecretArgument } from '../../schemas/language/code-actions.ts';
import { isJsonObject } from '../../schemas/workflow/json.ts';
import type { Command } from './app.ts';
import { say } from '../wording/language.ts';
import type { SecretPlace, SecretView } from '../../schemas/protocol/secret.ts';
import type { Project } from '../project/project.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import { namedSecrets } from '../secrets/secret-names.ts';
import type { Asking } from '../ask/prompter.ts';

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

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,199}$/;
const maxFiles = 500;
const maxFileBytes = 4 * 1024 * 1024;

interface NameItem extends QuickPickItem {
  readonly secret?: string;
}

/** The secret to be set: one that the files name and that has no value first, then those that have one, or another name. */
async function askSecretName({ ask }: Pick<Asking, 'ask'>, project: Project): Promise<string | undefined> {
  const { secrets } = await (await project.connection.ensure()).call('secret/list', {});
  const known = new Set(secrets.map(({ name }) => name));
  const missing = (await namedInFiles(project)).filter((name) => !known.has(name));
  const items: NameItem[] = [
    ...missing.map((name) => ({ label: name, description: say('named in the files, not set'), secret: name })),
    ...secrets.map((secret) => ({ label: secret.name, description: placeText(secret), secret: secret.name })),
    { label: `$(add) ${say('Another name…')}` },
  ];
  const picked = await ask.pick(items, { title: say('Set a secret of {project}', { project: project.name }), placeHolder: say('Which secret is to be set?') });
  if (picked === undefined || picked.secret !== undefined) return picked?.secret;
  const isName = (typed: string): boolean => namePattern.test(typed.trim());
  const name = await ask.input({
    title: say('Set a secret of {project}', { project: project.name }),
    prompt: say('Its name, as in secrets.NAME'),
    validateInput: (typed) => (isName(typed) ? undefined : say('Letters, digits and _, and no digit first.')),
  });
  return name === undefined || !isName(name) ? undefined : name.trim();
}

function placeText({ from }: Pick<SecretView, 'from'>): string {
  const texts: Readonly<Record<SecretPlace, string>> = {
    environment: say("set by a variable of the daemon's environment"),
    memory: say('set by VS Code'),
    file: say("set in the project's file of secrets"),
  };
  return texts[from];
}

async function namedInFiles({ folder }: Project): Promise<readonly string[]> {
  const patterns = ['.sluice/*.{yaml,yml}', '.sluice/workflows/*.{yaml,yml}'];
  const found = await Promise.all(patterns.map((pattern) => vscode.workspace.findFiles(new vscode.RelativePattern(vscode.Uri.parse(folder), pattern), null, maxFiles)));
  const texts = await Promise.all(found.flat().map((uri) => readRegularFile(uri.fsPath, maxFileBytes)));
  return [...new Set(texts.flatMap((read) => (read.ok ? namedSecrets(read.content.toString('utf8')) : [])))].sort();
}
