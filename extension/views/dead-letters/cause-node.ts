import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Project } from '../../project/project.ts';
import type { Target } from '../../target.ts';
import { formatAge } from '../../wording/age.ts';
import { formatNumber, oneLine } from '../../wording/amount.ts';
import { causeName, whereCause, type CauseGroup } from '../../wording/cause-groups.ts';
import { JobList } from '../shared/job-list.ts';
import type { TreeContext } from '../shared/tree-context.ts';
import type { TreeNode } from '../shared/tree-node.ts';

export interface ShownCauseGroup extends CauseGroup {
  /** The queue has more dead letters than were counted. */
  readonly hasMore: boolean;
}

/** The dead letters of a queue that failed alike. */
export class CauseNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #jobs: JobList;
  #group: ShownCauseGroup;

  constructor(context: TreeContext, project: Project, parentId: string, queue: string, group: ShownCauseGroup) {
    this.id = `${parentId}/cause ${group.cause ?? ''}`;
    this.target = { folder: project.folder, queue, cause: group.cause ?? null };
    this.#context = context;
    this.#group = group;
    this.#jobs = new JobList({
      context,
      parentId: this.id,
      target: this.target,
      style: { hidden: { state: true, cause: true }, opensPayload: true },
      fetch: async (limit) => (await project.daemon?.call('dead/list', { queue, where: whereCause(group.cause), limit })) ?? { jobs: [] },
    });
  }

  item(): vscode.TreeItem {
    const { cause, count, hasMore, newestAt } = this.#group;
    const name = oneLine(causeName(cause));
    const counted = hasMore ? l10n.t('{0} or more', formatNumber(count)) : formatNumber(count);
    const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Collapsed);
    item.description = l10n.t('{0} · newest {1}', counted, formatAge(newestAt, this.#context.now()));
    item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
    item.contextValue = 'deadCause deadGroup';
    item.tooltip = new vscode.MarkdownString().appendText(causeName(cause));
    item.accessibilityInformation = { label: l10n.t('{0}, {1} dead letters', name, counted) };
    return item;
  }

  children(): Promise<readonly TreeNode[]> {
    return this.#jobs.nodes();
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof CauseNode) this.#group = newer.#group;
  }
}
