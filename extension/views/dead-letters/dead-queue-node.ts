import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Project } from '../../project/project.ts';
import type { Target } from '../../target.ts';
import { formatNumber, say } from '../../wording/language.ts';
import { editedParts } from '../../wording/job.ts';
import { MessageNode } from '../shared/message-node.ts';
import { longestList } from '../shared/page-size.ts';
import type { TreeContext } from '../shared/tree-context.ts';
import type { TreeNode } from '../shared/tree-node.ts';
import { hasWords } from '../shared/view-filters.ts';
import { DeadGroupNode } from './dead-group-node.ts';

export function deadQueueNodeId(folder: string, queue: string): string {
  return `${folder}/dead ${queue}`;
}

/** A queue with dead letters. */
export class DeadQueueNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #project: Project;
  readonly #queue: string;

  constructor(context: TreeContext, project: Project, queue: string) {
    this.id = deadQueueNodeId(project.folder, queue);
    this.target = { folder: project.folder, queue };
    this.#context = context;
    this.#project = project;
    this.#queue = queue;
  }

  item(): vscode.TreeItem {
    const count = this.#project.mirror.queue(this.#queue)?.depth.dead ?? 0;
    const item = new vscode.TreeItem(this.#queue, vscode.TreeItemCollapsibleState.Expanded);
    const edited = editedParts(this.#project.mirror.queue(this.#queue)?.drafts?.count);
    item.description = [formatNumber(count), ...edited].join(' · ');
    item.iconPath = new vscode.ThemeIcon('inbox');
    item.contextValue = 'deadQueue deadGroup';
    item.tooltip = say('{count, plural, =1 {One dead letter of the queue {queue}, by what it failed with} other {# dead letters of the queue {queue}, by what they failed with}}', { count, queue: this.#queue });
    item.accessibilityInformation = { label: [item.tooltip, ...edited].join(', ') };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const answer = await this.#project.daemon?.call('dead/groups', { queue: this.#queue, limit: longestList });
    const words = this.#context.filter();
    const shown = answer?.groups.filter(({ queue, group }) => hasWords(`${queue} ${group}`, words));
    const groups = shown?.map((group) => new DeadGroupNode(this.#context, this.#project, this.id, group)) ?? [];
    const others = answer?.others ?? 0;
    return others === 0 ? groups : [...groups, new MessageNode(this.id, this.target, l10n.t('and {0} more, of rarer causes', formatNumber(others)), 'ellipsis')];
  }
}
