import * as vscode from 'vscode';
import type { AlertCrossings } from '../alerts/alert-crossings.ts';
import { commands } from '../base/ids.ts';
import type { Projects } from '../project/projects.ts';
import type { Target } from '../base/target.ts';
import { oneLine } from '../wording/outside-text.ts';
import { say } from '../wording/language.ts';
import { conditionsText, type ConditionFilter, filterLabel } from './view-filters.ts';

/** A row of a view. It says what it is about; what it shows, it reads when it is drawn. */
export interface TreeNode {
  /** Unique within the view and the same over refreshes, so that VS Code keeps expansion and selection. Begins with its parent's and a `/`. */
  readonly id: string;
  /** What commands that are called on it are about. */
  readonly target: Target;
  item(): vscode.TreeItem;
  children?(): Promise<readonly TreeNode[]>;
  /** Asked for when the mouse rests on it. */
  tooltip?(): vscode.MarkdownString | undefined;
  /** Takes over what a newer node of the same id knows. */
  adopt?(newer: TreeNode): void;
}

/** A row that says why there are no others. */
export class MessageNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #message: string;
  readonly #icon: string;

  constructor(parentId: string, target: Target, message: string, icon = 'warning') {
    this.id = `${parentId}/message ${message}`;
    this.target = target;
    this.#message = message;
    this.#icon = icon;
  }

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(oneLine(this.#message));
    item.iconPath = new vscode.ThemeIcon(this.#icon);
    item.tooltip = this.#message;
    item.contextValue = 'message';
    return item;
  }
}

/** The first row of a view whose jobs are filtered: a click shows everything again. */
export class FilterNode implements TreeNode {
  readonly id = 'filter';
  readonly target: Target;
  readonly drop: () => void;
  #filter: ConditionFilter;

  constructor(filter: ConditionFilter, drop: () => void) {
    this.target = { folder: filter.folder };
    this.drop = drop;
    this.#filter = filter;
  }

  item(): vscode.TreeItem {
    const label = oneLine(filterLabel(this.#filter));
    const item = new vscode.TreeItem(say('Filter: {label}', { label }));
    item.description = say('click to show everything');
    item.iconPath = new vscode.ThemeIcon('filter-filled');
    item.contextValue = 'filter';
    item.tooltip = say('Only jobs that meet these conditions are shown: {conditions}. A click shows everything again.', { conditions: conditionsText(this.#filter.conditions) });
    item.accessibilityInformation = { label: item.tooltip };
    item.command = { command: commands.dropFilter, title: say('Show Everything'), arguments: [this] };
    return item;
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof FilterNode) this.#filter = newer.#filter;
  }
}

/** The last row of a list that continues: a click shows the next page. */
export class LoadMoreNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly loadMore: () => void;

  constructor(parentId: string, target: Target, loadMore: () => void) {
    this.id = `${parentId}/more`;
    this.target = target;
    this.loadMore = loadMore;
  }

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(say('Load more…'));
    item.iconPath = new vscode.ThemeIcon('ellipsis');
    item.contextValue = 'more';
    item.command = { command: commands.loadMore, title: say('Load More'), arguments: [this] };
    return item;
  }
}

/** How many entries of a list are shown at first, and how many more each time. */
export const pageSize = 50;

/** The longest list that a view shows; the daemon answers with no longer page. */
export const longestList = 1000;

export function nextLimit(limit: number): number {
  return Math.min(longestList, limit + pageSize);
}

/** What rows need besides what they are about. */
export interface TreeContext {
  readonly projects: Projects;
  readonly alerts: AlertCrossings;
  /** Words that rows must have to be shown; empty shows everything. */
  readonly filter: () => string;
  /** What the jobs have to meet to be shown; undefined shows all. */
  readonly conditions: () => ConditionFilter | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Draws rows of this view again. */
  readonly refresh: (ids: Iterable<string>) => void;
}
