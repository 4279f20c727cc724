import path from 'node:path';
import { mkdir, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { App, Command } from './app.ts';
import { askProject, askWorkflow } from '../ask/pickers.ts';
import type { ProjectLook } from '../../client/projects.ts';
import { walkthrough } from '../base/ids.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import type { Project } from '../project/project.ts';
import { workflowIdFrom, writeStarterFiles } from '../project/starter-files.ts';
import { withConnections } from '../../schemas/language/templates/added-connections.ts';
import { recipeTemplates } from '../../schemas/language/templates/recipes.ts';
import { type WorkflowTemplate, workflowTemplates } from '../../schemas/language/templates/workflow-templates.ts';
import { readTarget } from '../base/target.ts';
import { say } from '../wording/language.ts';

/** How long VS Code may take to open a tab, in milliseconds. */
const tabLimitMs = 5_000;

/** The first steps, in a tab that stays: the files that they open would take the place of a preview. */
const getStarted: Command = {
  acts: false,
  run: async () => {
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', walkthrough);
    await tabOfFirstSteps();
    await vscode.commands.executeCommand('workbench.action.keepEditor');
  },
};

/** The command that opens them doesn't wait for their tab. */
async function tabOfFirstSteps(): Promise<void> {
  // VS Code tells extensions nothing of what such a tab shows.
  const isThere = (): boolean => {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    return tab !== undefined && tab.input === undefined;
  };
  if (isThere()) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const listening = vscode.window.tabGroups.onDidChangeTabs(() => {
    if (isThere()) resolve(undefined);
  });
  const timer = setTimeout(() => resolve(undefined), tabLimitMs);
  await promise;
  clearTimeout(timer);
  listening.dispose();
}

/** A small `.sluice/` that works, and its workflow in the editor. Files that are there are left alone. */
const createProject: Command = {
  acts: true,
  run: async (app) => {
    const project = await askFolder(app);
    if (project === undefined) return undefined;
    const { created } = await writeStarterFiles(project.path, app.programs.cli);
    app.log.info(`made in ${project.path}: ${created.join(', ')}`);
    await project.connection.look();
    const workflow = created.find((file) => file.includes('/workflows/'));
    // A preview would take the place of another one: that of the first steps, where VS Code has opened them by itself.
    if (workflow !== undefined) await vscode.window.showTextDocument(vscode.Uri.joinPath(vscode.Uri.parse(project.folder), workflow), { preview: false });
    return created;
  },
};

async function askFolder({ projects, ask }: App): Promise<Project | undefined> {
  const folders = projects.folders.filter(({ isProject }) => !isProject);
  const [only, ...others] = folders;
  if (only === undefined) {
    const message = projects.isVirtual
      ? say("Sluice can't run here: its daemon needs a folder on a disk.")
      : projects.folders.length === 0
        ? say('Open a folder first: the project goes into it.')
        : say('Every folder of this window is a Sluice project already.');
    void ask.tell('information', message);
    return undefined;
  }
  if (others.length === 0) return only;
  return (await ask.pick(folders.map((project) => ({ label: project.name, description: project.path, project })), { placeHolder: say('Which folder becomes a project?') }))?.project;
}

/** A project of this machine that this window doesn't have, in a window of its own if this one has a folder. */
const openProject: Command = {
  acts: false,
  run: async ({ projects, ask }) => {
    const open = new Set(projects.folders.map((project) => project.path));
    // Here and not above: seldom needed, and not to be loaded at the start.
    const [{ ProjectList }, { lookAtProjects }] = await Promise.all([import('../../client/projects.ts'), import('../../client/projects.ts')]);
    const known = (await new ProjectList().all()).filter(({ folder }) => !open.has(folder));
    if (known.length === 0) {
      void ask.tell('information', say('This machine has no other project that Sluice knows of. A project is known once its daemon has run.'));
      return undefined;
    }
    const looks = lookAtProjects(known).then((all) => all.filter(({ daemon }) => daemon !== 'gone').map(itemOf));
    const chosen = await ask.pick(looks, { placeHolder: say('Which project?') });
    if (chosen === undefined) return undefined;
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(chosen.folder), { forceNewWindow: (vscode.workspace.workspaceFolders ?? []).length > 0 });
    return chosen.folder;
  },
};

interface ProjectItem extends vscode.QuickPickItem {
  readonly folder: string;
}

function itemOf(look: ProjectLook): ProjectItem {
  return { label: path.basename(look.folder), description: path.dirname(look.folder), detail: detailOf(look), folder: look.folder };
}

function detailOf({ daemon, waiting, dead }: ProjectLook): string {
  const parts = [daemon === 'running' ? say('daemon running') : daemon === 'unreachable' ? say('daemon does not answer') : say('daemon stopped')];
  if (waiting !== undefined) parts.push(say('{count, plural, one {# job waiting} other {# jobs waiting}}', { count: waiting }));
  if (dead !== undefined && dead > 0) parts.push(say('{count, plural, one {# dead letter} other {# dead letters}}', { count: dead }));
  return parts.join(' · ');
}

/** Of `connections.yaml`, in bytes. */
const maxFileBytes = 4 * 1024 * 1024;

/** A new file in `.sluice/workflows/` from a template, in the editor. Answers with its URI. */
const createWorkflow: Command = {
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project === undefined) return undefined;
    const item = (template: WorkflowTemplate): TemplateItem => ({ label: template.title, detail: template.summary, template });
    const items: readonly TemplateItem[] = [...workflowTemplates.map(item), { label: say('Recipes'), kind: vscode.QuickPickItemKind.Separator }, ...recipeTemplates.map(item)];
    const template = (await app.ask.pick(items, { title: say('New workflow'), placeHolder: say('What is it to do?') }))?.template;
    if (template === undefined) return undefined;
    const taken = new Set((await vscode.workspace.findFiles(new vscode.RelativePattern(vscode.Uri.parse(project.folder), '.sluice/workflows/*'))).map((uri) => path.parse(uri.path).name));
    const name = await askName(app, template, taken);
    return name === undefined ? undefined : write(app, project, template, name);
  },
};

interface TemplateItem extends vscode.QuickPickItem {
  readonly template?: WorkflowTemplate;
}

async function askName({ ask }: App, template: WorkflowTemplate, taken: ReadonlySet<string>): Promise<string | undefined> {
  const problemOf = (typed: string): string | undefined => {
    const id = workflowIdFrom(typed);
    if (id === undefined) return say('A name has at least one letter.');
    return taken.has(id) ? say('There is a workflow {id} already.', { id }) : undefined;
  };
  const name = await ask.input({ title: template.title, prompt: say("The workflow's name, such as Spring letter; its file is named after it"), validateInput: problemOf });
  return name === undefined || problemOf(name) !== undefined ? undefined : name.trim();
}

async function write(app: App, project: Project, template: WorkflowTemplate, name: string): Promise<string> {
  const id = workflowIdFrom(name) ?? '';
  const file = path.join(project.path, '.sluice', 'workflows', `${id}.yaml`);
  await mkdir(path.dirname(file), { recursive: true });
  // `wx`: whoever was quicker keeps their file.
  await writeFile(file, template.text({ id, name }), { flag: 'wx' });
  if (template.connections !== '') await addConnections(app, project, template.connections);
  const uri = vscode.Uri.file(file);
  await vscode.window.showTextDocument(uri);
  return uri.toString();
}

async function addConnections({ ask }: App, { path: folder }: Project, entries: string): Promise<void> {
  const file = path.join(folder, '.sluice', 'connections.yaml');
  const read = await readRegularFile(file, maxFileBytes);
  // What is there and can't be read is not to be written over.
  if (!read.ok && read.kind !== 'missing') throw new Error(say('The connection was not added: {file} {problem}.', { file, problem: read.problem }));
  const made = withConnections(read.ok ? read.content.toString('utf8') : undefined, entries);
  const [name] = made?.added ?? [];
  if (made === undefined || name === undefined) return;
  await writeFile(file, made.text);
  const open = say('Open connections.yaml');
  void ask.tell('information', say('The connection {name} was added to connections.yaml. What it needs is said there.', { name }), open).then(async (chosen) => {
    if (chosen === open) await vscode.window.showTextDocument(vscode.Uri.file(file), { viewColumn: vscode.ViewColumn.Beside });
  });
}

const openWorkflow: Command = {
  acts: false,
  run: async (app, argument) => {
    const target = readTarget(argument);
    // A file can be opened without a daemon.
    if (target?.file !== undefined) return show(target.folder, target.file);
    const asked = await askWorkflow(app, argument, say('Which workflow is to be opened?'));
    return asked === undefined ? undefined : show(asked.project.folder, asked.workflow.file);
  },
};

async function show(folder: string, file: string): Promise<string> {
  const uri = vscode.Uri.joinPath(vscode.Uri.parse(folder), file);
  await vscode.window.showTextDocument(uri, { preview: true });
  return uri.toString();
}

/** The server that the first workflow calls, in a terminal: what it takes and refuses can be seen, and closing the terminal ends it. */
const startPractice: Command = {
  acts: true,
  run: async ({ programs, projects }) => {
    const name = say('Sluice Practice Receiver');
    // There it listens where the project's first workflow calls.
    const folder = (projects.all[0] ?? projects.folders[0])?.path;
    const running = vscode.window.terminals.find((one) => one.name === name && one.exitStatus === undefined);
    const terminal =
      running ??
      vscode.window.createTerminal({
        name,
        // VS Code's own Node, so that nothing else has to be installed.
        shellPath: process.execPath,
        shellArgs: ['--disable-warning=ExperimentalWarning', programs.cli, 'practice'],
        ...(folder === undefined ? {} : { cwd: folder }),
        env: { ELECTRON_RUN_AS_NODE: '1' },
        iconPath: new vscode.ThemeIcon('radio-tower'),
        isTransient: true,
      });
    terminal.show(true);
    return name;
  },
};

export const projectCommands = { getStarted, createProject, openProject, createWorkflow, openWorkflow, startPractice };
