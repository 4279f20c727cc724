import * as l10n from '@vscode/l10n';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { workflowTemplates } from '../../schemas/language/templates/workflow-templates.ts';
import type { WorkflowTemplate } from '../../schemas/language/templates/workflow-template.ts';
import type { App } from '../app.ts';
import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import { withConnection } from '../project/connection-entry.ts';
import type { Project } from '../project/project.ts';
import { workflowIdFrom } from '../project/workflow-id-from.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import type { Command } from './command.ts';

/** Of `connections.yaml`, in bytes. */
const maxFileBytes = 4 * 1024 * 1024;

/** A new file in `.sluice/workflows/` from a template, in the editor. Answers with its URI. */
export const createWorkflow: Command = {
  id: commands.createWorkflow,
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined) return undefined;
    const items = workflowTemplates.map((template) => ({ label: template.title, detail: template.summary, template }));
    const template = (await app.ask.pick(items, { title: l10n.t('New workflow'), placeHolder: l10n.t('What is it to do?') }))?.template;
    if (template === undefined) return undefined;
    const taken = new Set((await vscode.workspace.findFiles(new vscode.RelativePattern(vscode.Uri.parse(project.folder), '.sluice/workflows/*'))).map((uri) => path.parse(uri.path).name));
    const name = await askName(app, template, taken);
    return name === undefined ? undefined : write(app, project, template, name);
  },
};

async function askName({ ask }: App, template: WorkflowTemplate, taken: ReadonlySet<string>): Promise<string | undefined> {
  const problemOf = (typed: string): string | undefined => {
    const id = workflowIdFrom(typed);
    if (id === undefined) return l10n.t('A name has at least one letter.');
    return taken.has(id) ? l10n.t('There is a workflow {0} already.', id) : undefined;
  };
  const name = await ask.input({ title: template.title, prompt: l10n.t("The workflow's name, such as Spring letter; its file is named after it"), validateInput: problemOf });
  return name === undefined || problemOf(name) !== undefined ? undefined : name.trim();
}

async function write(app: App, project: Project, template: WorkflowTemplate, name: string): Promise<string> {
  const id = workflowIdFrom(name) ?? '';
  const file = path.join(project.path, '.sluice', 'workflows', `${id}.yaml`);
  await mkdir(path.dirname(file), { recursive: true });
  // `wx`: whoever was quicker keeps their file.
  await writeFile(file, template.text({ id, name }), { flag: 'wx' });
  for (const connection of template.connections) await addConnection(app, project, connection);
  const uri = vscode.Uri.file(file);
  await vscode.window.showTextDocument(uri);
  return uri.toString();
}

async function addConnection({ ask }: App, { path: folder }: Project, name: string): Promise<void> {
  const file = path.join(folder, '.sluice', 'connections.yaml');
  const read = await readRegularFile(file, maxFileBytes);
  // What is there and can't be read is not to be written over.
  if (!read.ok && read.kind !== 'missing') throw new Error(l10n.t('The connection {0} was not added: {1} {2}.', name, file, read.problem));
  const text = withConnection(read.ok ? read.content.toString('utf8') : undefined, name);
  if (text === undefined) return;
  await writeFile(file, text);
  const open = l10n.t('Open connections.yaml');
  void ask.tell('information', l10n.t('The connection {0} was added to connections.yaml; it still needs its server.', name), open).then(async (chosen) => {
    if (chosen === open) await vscode.window.showTextDocument(vscode.Uri.file(file), { viewColumn: vscode.ViewColumn.Beside });
  });
}
