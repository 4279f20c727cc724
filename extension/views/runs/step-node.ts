import * as vscode from 'vscode';
import type { StepView } from '../../../schemas/protocol/run.ts';
import type { Project } from '../../project/project.ts';
import type { Target } from '../../target.ts';
import { oneLine } from '../../wording/outside-text.ts';
import { stepDescription } from '../../wording/run.ts';
import { JobList } from '../shared/job-list.ts';
import { stateIcon } from '../shared/state-icon.ts';
import type { TreeContext } from '../shared/tree-context.ts';
import type { TreeNode } from '../shared/tree-node.ts';

export class StepNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #jobs: JobList;
  #step: StepView;

  constructor(context: TreeContext, project: Project, parentId: string, run: string, step: StepView) {
    this.id = `${parentId}/step ${step.id}`;
    this.target = { folder: project.folder, run, step: step.id, queue: step.queue };
    this.#step = step;
    this.#jobs = new JobList({
      context,
      parentId: this.id,
      target: this.target,
      style: {},
      fetch: async (limit) => (await project.daemon?.call('job/list', { run, step: step.id, limit })) ?? { jobs: [] },
    });
  }

  item(): vscode.TreeItem {
    const step = this.#step;
    const hasJobs = step.jobs.total > 0;
    const item = new vscode.TreeItem(step.id, hasJobs ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None);
    item.description = stepDescription(step);
    item.iconPath = stateIcon(step.state);
    item.contextValue = `step ${step.state}`;
    item.tooltip = oneLine(step.error?.message ?? `${step.uses}, ${step.queue}`, 500);
    item.accessibilityInformation = { label: `${step.id}, ${stepDescription(step)}` };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    return this.#jobs.nodes();
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof StepNode) this.#step = newer.#step;
  }
}
