import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { JobState } from '../../../schemas/protocol/state.ts';
import type { Project } from '../../project/project.ts';
import type { Target } from '../../target.ts';
import { formatNumber, say } from '../../wording/language.ts';
import { lookOfState, stateTitle } from '../../wording/state-look.ts';
import { JobList } from '../shared/job-list.ts';
import { stateIcon } from '../shared/state-icon.ts';
import type { TreeContext } from '../shared/tree-context.ts';
import type { TreeNode } from '../shared/tree-node.ts';

/** The states of a queue that are worth a row; those that a person rarely looks for are in the runs. */
export const shownStates = ['active', 'pending', 'delayed', 'dead', 'succeeded'] as const satisfies readonly JobState[];
type ShownState = (typeof shownStates)[number];

export class StateNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #project: Project;
  readonly #queue: string;
  readonly #state: ShownState;
  readonly #jobs: JobList;

  constructor(context: TreeContext, project: Project, parentId: string, queue: string, state: ShownState) {
    this.id = `${parentId}/${state}`;
    this.target = { folder: project.folder, queue };
    this.#project = project;
    this.#queue = queue;
    this.#state = state;
    this.#jobs = new JobList({
      context,
      parentId: this.id,
      target: this.target,
      style: { hidden: { state: true } },
      fetch: async (limit) => (await project.daemon?.call('job/list', { queue, state, limit })) ?? { jobs: [] },
    });
  }

  item(): vscode.TreeItem {
    const { icon } = lookOfState(this.#state);
    const word = stateTitle(this.#state);
    const count = this.#count();
    const isEmpty = count === 0;
    const item = new vscode.TreeItem(word, isEmpty ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Collapsed);
    // Those that succeeded are pruned some day, so their number would say little.
    item.description = count === undefined ? l10n.t('newest first') : formatNumber(count);
    // A red cross on none would look like a fault.
    item.iconPath = isEmpty ? new vscode.ThemeIcon(icon, new vscode.ThemeColor('disabledForeground')) : stateIcon(this.#state);
    item.contextValue = `state ${this.#state} ${isEmpty ? 'empty' : 'filled'}`;
    item.accessibilityInformation = { label: count === undefined ? word : say('{count, plural, =1 {{state}: one job} other {{state}: # jobs}}', { count, state: word }) };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    return this.#count() === 0 ? [] : this.#jobs.nodes();
  }

  #count(): number | undefined {
    return this.#state === 'succeeded' ? undefined : (this.#project.mirror.queue(this.#queue)?.depth[this.#state] ?? 0);
  }
}
