import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { DeadGroup } from '../../../schemas/protocol/dead-group.ts';
import type { Project } from '../../project/project.ts';
import type { Target } from '../../target.ts';
import { oneLine } from '../../wording/outside-text.ts';
import { formatAge, formatNumber, say } from '../../wording/language.ts';
import { editedParts } from '../../wording/job.ts';
import { factTable } from '../shared/fact-table.ts';
import { JobList } from '../shared/job-list.ts';
import type { TreeContext } from '../shared/tree-context.ts';
import type { TreeNode } from '../shared/tree-node.ts';

/** The dead letters of a queue that failed alike. */
export class DeadGroupNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #jobs: JobList;
  #group: DeadGroup;

  constructor(context: TreeContext, project: Project, parentId: string, group: DeadGroup) {
    const { queue, group: name } = group;
    this.id = `${parentId}/group ${name}`;
    this.target = { folder: project.folder, queue, group: name };
    this.#context = context;
    this.#group = group;
    this.#jobs = new JobList({
      context,
      parentId: this.id,
      target: this.target,
      style: { hidden: { state: true, cause: true }, opensPayload: true },
      fetch: async (limit) => (await project.daemon?.call('dead/list', { queue, group: name, limit })) ?? { jobs: [] },
    });
  }

  item(): vscode.TreeItem {
    const { title, uses, count, edited, newestAt, oldestAt } = this.#group;
    const now = this.#context.now();
    const name = oneLine(title);
    const counted = formatNumber(count);
    const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Collapsed);
    item.description = [counted, ...editedParts(edited), l10n.t('newest {0}', formatAge(newestAt, now))].join(' · ');
    item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
    item.contextValue = 'deadGroup';
    item.tooltip = factTable(title, [
      [l10n.t('Action'), uses],
      [l10n.t('Dead letters'), counted],
      ...(edited === undefined ? [] : [[l10n.t('Edited, not sent'), formatNumber(edited)] as const]),
      [l10n.t('Newest'), formatAge(newestAt, now)],
      [l10n.t('Oldest'), formatAge(oldestAt, now)],
    ]);
    item.accessibilityInformation = { label: [say('{count, plural, =1 {{group}, one dead letter} other {{group}, # dead letters}}', { count, group: name }), ...editedParts(edited)].join(', ') };
    return item;
  }

  children(): Promise<readonly TreeNode[]> {
    return this.#jobs.nodes();
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof DeadGroupNode) this.#group = newer.#group;
  }
}
