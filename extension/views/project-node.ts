import * as vscode from 'vscode';
import type { ConnectionStateKind } from '../../client/connection-state.ts';
import type { Project } from '../project/project.ts';
import type { Target } from '../base/target.ts';
import { lastStopPart } from '../wording/daemon.ts';
import type { TreeNode } from './tree-node.ts';
import { say } from '../wording/language.ts';

/** The top row of each project where a window has several. */
export class ProjectNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #project: Project;
  readonly #rows: (project: Project) => Promise<readonly TreeNode[]>;

  constructor(project: Project, rows: (project: Project) => Promise<readonly TreeNode[]>) {
    this.id = project.folder;
    this.target = { folder: project.folder };
    this.#project = project;
    this.#rows = rows;
  }

  item(): vscode.TreeItem {
    const { state } = this.#project.connection;
    const { kind } = state;
    const waiting = state.kind === 'stopped' && state.left !== undefined ? lastStopPart(state.left) : undefined;
    const text = waiting === undefined ? stateText(kind) : `${stateText(kind)} · ${waiting}`;
    const item = new vscode.TreeItem(this.#project.name, vscode.TreeItemCollapsibleState.Expanded);
    item.iconPath = vscode.ThemeIcon.Folder;
    item.description = text;
    item.contextValue = `project ${kind}`;
    item.tooltip = this.#project.path;
    item.accessibilityInformation = { label: say('project {project}, {text}', { project: this.#project.name, text }) };
    return item;
  }

  children(): Promise<readonly TreeNode[]> {
    return this.#rows(this.#project);
  }
}

function stateText(kind: ConnectionStateKind): string {
  switch (kind) {
    case 'connected':
      return '';
    case 'none':
      return say('no project');
    case 'gone':
      return say('folder is gone');
    case 'stopped':
      return say('daemon stopped');
    case 'untrusted':
      return say('restricted');
    case 'starting':
      return say('starting…');
    case 'reconnecting':
      return say('reconnecting…');
    case 'incompatible':
      return say('daemon of another version');
  }
}

/** The rows of all projects: those of the only one, or a row for each with its own below. */
export async function rootsOf(projects: readonly Project[], rows: (project: Project) => Promise<readonly TreeNode[]>): Promise<readonly TreeNode[]> {
  const [only, ...others] = projects;
  if (only === undefined) return [];
  return others.length === 0 ? rows(only) : projects.map((project) => new ProjectNode(project, rows));
}
