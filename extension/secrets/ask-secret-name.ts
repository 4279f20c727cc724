import type { QuickPickItem } from 'vscode';
import * as vscode from 'vscode';
import type { SecretPlace, SecretView } from '../../schemas/protocol/secret.ts';
import type { Project } from '../project/project.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import { namedSecrets } from './named-secrets.ts';
import type { Asking } from '../ask/prompter.ts';
import { say } from '../wording/language.ts';

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,199}$/;
const maxFiles = 500;
const maxFileBytes = 4 * 1024 * 1024;

interface NameItem extends QuickPickItem {
  readonly secret?: string;
}

/** The secret to be set: one that the files name and that has no value first, then those that have one, or another name. */
export async function askSecretName({ ask }: Pick<Asking, 'ask'>, project: Project): Promise<string | undefined> {
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

export function placeText({ from }: Pick<SecretView, 'from'>): string {
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
