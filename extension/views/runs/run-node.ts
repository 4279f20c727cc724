import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { RunSummary } from '../../../schemas/protocol/run.ts';
import { commands } from '../../ids.ts';
import type { Project } from '../../project/project.ts';
import type { Target } from '../../target.ts';
import { ageAt } from '../../wording/language.ts';
import { runDescription, runFacts, runLabel } from '../../wording/run.ts';
import { factTable } from '../shared/fact-table.ts';
import { stateIcon } from '../shared/state-icon.ts';
import type { TreeContext } from '../shared/tree-context.ts';
import type { TreeNode } from '../shared/tree-node.ts';
import { StepNode } from './step-node.ts';

export function runNodeId(folder: string, run: string): string {
  return `${folder}/run ${run}`;
}

export class RunNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #project: Project;
  /** As it was listed; the mirror knows better where it still holds the run. */
  #listed: RunSummary;

  constructor(context: TreeContext, project: Project, run: RunSummary) {
    this.id = runNodeId(project.folder, run.id);
    this.target = { folder: project.folder, run: run.id, workflow: run.workflow };
    this.#context = context;
    this.#project = project;
    this.#listed = run;
  }

  item(): vscode.TreeItem {
    const run = this.#run;
    const now = this.#context.now();
    const item = new vscode.TreeItem(`${run.workflow} ${run.id}`, vscode.TreeItemCollapsibleState.Collapsed);
    item.description = runDescription(run, now);
    item.iconPath = stateIcon(run.state);
    item.contextValue = ['run', run.state, ...(run.state === 'running' || run.jobs.open > 0 ? ['cancellable'] : []), ...(run.heldAfter === undefined ? [] : ['continuable']), ...(run.jobs.dead > 0 ? ['withDead'] : [])].join(' ');
    item.accessibilityInformation = { label: runLabel(run, now) };
    item.command = { command: commands.openRun, title: l10n.t('Open Run'), arguments: [this.target] };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const detail = await this.#project.daemon?.call('run/get', { id: this.#listed.id });
    return detail?.steps.map((step) => new StepNode(this.#context, this.#project, this.id, detail.id, step)) ?? [];
  }

  tooltip(): vscode.MarkdownString {
    const run = this.#run;
    return factTable(`${run.workflow} ${run.id}`, runFacts(run, ageAt(this.#context.now())));
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof RunNode) this.#listed = newer.#listed;
  }

  get #run(): RunSummary {
    return this.#project.mirror.run(this.#listed.id) ?? this.#listed;
  }
}
