import * as vscode from 'vscode';
import type { DaemonStatus, DaemonView } from '../../schemas/protocol/daemon-status.ts';
import type { Target } from '../base/target.ts';
import type { Project } from '../project/project.ts';
import { say } from '../wording/language.ts';
import { oneLine } from '../wording/outside-text.ts';
import { daemonDescription, daemonFacts, daemonLabel, sharingDescription } from '../wording/daemon.ts';
import { factTable } from './fact-table.ts';
import type { TreeContext, TreeNode } from './tree-node.ts';

export function daemonsNodeId(folder: string): string {
  return `${folder}/daemons`;
}

/** The row of the daemons that share the project's store; none if a daemon has it for itself. */
export function daemonsRow(context: TreeContext, project: Project): readonly TreeNode[] {
  return project.mirror.status?.daemons === undefined ? [] : [new DaemonsNode(context, project)];
}

class DaemonsNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #project: Project;

  constructor(context: TreeContext, project: Project) {
    this.id = daemonsNodeId(project.folder);
    this.target = { folder: project.folder };
    this.#context = context;
    this.#project = project;
  }

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(say('Daemons'), vscode.TreeItemCollapsibleState.Collapsed);
    const { status } = this.#project.mirror;
    if (status?.daemons === undefined) return item;
    const description = sharingDescription({ ...status, daemons: status.daemons });
    const isAmiss = !status.store.ok || status.daemons.all.some(({ health }) => health === 'late' || health === 'silent');
    item.description = description;
    item.iconPath = isAmiss ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground')) : new vscode.ThemeIcon('server');
    item.contextValue = 'daemons';
    item.accessibilityInformation = { label: say('daemons, {description}', { description }) };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const all = this.#project.mirror.status?.daemons?.all ?? [];
    return all.map(({ name }) => new DaemonNode(this.#context, this.#project, name));
  }

  tooltip(): vscode.MarkdownString | undefined {
    const { store } = this.#project.mirror.status ?? {};
    return store === undefined ? undefined : factTable(say('Daemons'), storeFacts(store));
  }
}

function storeFacts({ server = '', schema = '', problem, change }: DaemonStatus['store']): readonly (readonly [string, string])[] {
  return [
    [say('Store'), say('{server}, schema {schema}', { server, schema })],
    ...(problem === undefined ? [] : [[say('Problem'), problem] as const]),
    ...(change === undefined ? [] : [[say('Changed'), change] as const]),
  ];
}

class DaemonNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #project: Project;
  readonly #name: string;

  constructor(context: TreeContext, project: Project, name: string) {
    this.id = `${daemonsNodeId(project.folder)}/${name}`;
    this.target = { folder: project.folder };
    this.#context = context;
    this.#project = project;
    this.#name = name;
  }

  item(): vscode.TreeItem {
    const { status } = this.#project.mirror;
    const daemon = this.#daemon;
    if (daemon === undefined || status?.daemons === undefined) return new vscode.TreeItem(oneLine(this.#name));
    const label = oneLine(daemonLabel(daemon, status.daemons));
    const item = new vscode.TreeItem(label);
    item.description = daemonDescription(daemon, this.#context.now());
    item.iconPath = iconOf(daemon.health);
    item.contextValue = `daemon ${daemon.health}`;
    item.accessibilityInformation = { label: say('daemon {label}, {description}', { label, description: item.description }) };
    return item;
  }

  tooltip(): vscode.MarkdownString | undefined {
    const { status } = this.#project.mirror;
    const daemon = this.#daemon;
    return daemon === undefined || status?.daemons === undefined ? undefined : factTable(daemonLabel(daemon, status.daemons), daemonFacts(daemon, status.store, this.#context.now()));
  }

  get #daemon(): DaemonView | undefined {
    return this.#project.mirror.status?.daemons?.all.find(({ name }) => name === this.#name);
  }
}

function iconOf(health: DaemonView['health']): vscode.ThemeIcon {
  switch (health) {
    case 'ok':
      return new vscode.ThemeIcon('vm-running');
    case 'late':
      return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
    case 'silent':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
    case 'stopping':
      return new vscode.ThemeIcon('debug-stop');
    case 'left':
      return new vscode.ThemeIcon('circle-slash', new vscode.ThemeColor('disabledForeground'));
    case 'unknown':
      return new vscode.ThemeIcon('question', new vscode.ThemeColor('list.warningForeground'));
  }
}
