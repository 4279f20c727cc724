import * as vscode from 'vscode';
import type { ScheduleView } from '../../schemas/protocol/schedule.ts';
import type { Target } from '../base/target.ts';
import { scheduleDescription, scheduleFacts, scheduleLabel } from '../wording/schedule.ts';
import { factTable } from './fact-table.ts';
import type { TreeContext, TreeNode } from './tree-node.ts';

/** One schedule of a workflow: when it starts a run next. */
export class ScheduleNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  #schedule: ScheduleView;

  constructor(context: TreeContext, parentId: string, folder: string, schedule: ScheduleView) {
    this.id = `${parentId}/schedule ${schedule.id}`;
    this.target = { folder, workflow: schedule.workflow, schedule: schedule.id };
    this.#context = context;
    this.#schedule = schedule;
  }

  item(): vscode.TreeItem {
    const now = this.#context.now();
    const { cron, paused, problem } = this.#schedule;
    const item = new vscode.TreeItem(cron);
    item.description = scheduleDescription(this.#schedule, now);
    item.iconPath = new vscode.ThemeIcon(problem !== undefined ? 'warning' : paused ? 'debug-pause' : 'calendar');
    item.contextValue = `schedule ${paused ? 'paused' : 'running'}`;
    item.accessibilityInformation = { label: scheduleLabel(this.#schedule, now) };
    return item;
  }

  tooltip(): vscode.MarkdownString {
    return factTable(this.#schedule.cron, scheduleFacts(this.#schedule));
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof ScheduleNode) this.#schedule = newer.#schedule;
  }
}
