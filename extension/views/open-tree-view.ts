import * as vscode from 'vscode';
import type { ViewId } from '../base/ids.ts';
import type { Project } from '../project/project.ts';
import type { ProjectMirrorChange, Projects } from '../project/projects.ts';
import { onShownTick, shownNow } from '../base/shown-clock.ts';
import { CalmRefresh } from './calm-refresh.ts';
import { rootsOf } from './project-node.ts';
import { type OpenTreeView, SelectedRows } from './open-view.ts';
import { FilterNode, MessageNode, type TreeContext, type TreeNode } from './tree-node.ts';
import { Tree } from './tree.ts';
import type { AlertCrossings } from '../alerts/alert-crossings.ts';
import { filterLabel, type ViewFilters } from './view-filters.ts';
import type { Log } from '../base/log.ts';
import type { Signal, Disposable } from '../base/signal.ts';
import { say } from '../wording/language.ts';
import { oneLine } from '../wording/outside-text.ts';

const revealTries = 3;

/** What the views need of the window. */
export interface ViewContext {
  readonly projects: Projects;
  readonly alerts: AlertCrossings;
  readonly filters: ViewFilters;
  /** By id, once they are open. */
  readonly views: Map<ViewId, OpenTreeView>;
  readonly log: Log;
  /** What is remembered for this workspace. */
  readonly memory: vscode.Memento;
  /** Everything is to be read again, though nothing was heard from the daemon. */
  readonly refreshed: Signal<void>;
  readonly subscriptions: Disposable[];
}

export interface TreeViewOptions {
  readonly id: ViewId;
  /** The rows of one project. */
  readonly rows: (context: TreeContext, project: Project) => Promise<readonly TreeNode[]>;
  /** What a change means for the view: ids of rows, or `all`. */
  readonly affected: (change: ProjectMirrorChange) => Iterable<string> | 'all';
  /** What is beside the title, where no filter does. */
  readonly note?: (projects: readonly Project[]) => string | undefined;
}

/** A view of the side bar that follows the projects of the window. */
export function openTreeView(window: ViewContext, { id, rows, affected, note }: TreeViewOptions): OpenTreeView {
  const { projects, log, refreshed, subscriptions } = window;
  const context: TreeContext = { projects, alerts: window.alerts, filter: () => window.filters.get(id), conditions: () => window.filters.conditions(id), now: shownNow, refresh: (ids) => tree.refresh(ids) };
  const isNarrowed = (): boolean => context.filter() !== '' || context.conditions() !== undefined;
  const isHeld = (folder: string): boolean => isWaiting(projects.get(folder));
  const shown = new WeakMap<Project, readonly TreeNode[]>();
  const projectRows = async (project: Project): Promise<readonly TreeNode[]> => {
    const conditions = context.conditions();
    const known = isWaiting(project) ? shown.get(project) : undefined;
    const next = known ?? (conditions === undefined || conditions.folder === project.folder ? await rows(context, project) : []);
    shown.set(project, next);
    // Otherwise VS Code would show the welcome text of an empty view.
    return next.length === 0 && isNarrowed() ? [noMatch(project, conditions === undefined ? context.filter() : filterLabel(conditions))] : next;
  };
  const roots = async (): Promise<readonly TreeNode[]> => {
    const conditions = context.conditions();
    const all = await rootsOf(projects.all, projectRows);
    return conditions === undefined || all.length === 0 ? all : [new FilterNode(conditions, () => window.filters.set(id, '')), ...all];
  };
  const tree: Tree = new Tree({ roots, isHeld, log, onRead: () => calm.reading() });
  const calm: CalmRefresh = new CalmRefresh({ draw: (what) => (what === 'all' ? tree.refreshAll() : tree.refresh(what)) });
  const view = vscode.window.createTreeView(id, { treeDataProvider: tree, canSelectMany: true, showCollapseAll: true });
  const selected = new SelectedRows(view, (rowId) => tree.find(rowId));
  const describe = (): void => {
    const conditions = context.conditions();
    const shownFilter = conditions === undefined ? context.filter() : say('filter: {label}', { label: oneLine(filterLabel(conditions)) });
    view.description = shownFilter === '' ? (note?.(projects.all) ?? '') : shownFilter;
  };
  describe();
  const drawIfNew = (id: string): void => {
    const news = tree.news(id);
    if (news !== undefined) calm.row(id, news === 'state');
  };
  subscriptions.push(
    view,
    calm,
    // Ages such as `3m ago` move on though nothing else does.
    onShownTick(() => {
      if (view.visible) calm.all();
    }),
    projects.onDidChangeState(() => {
      describe();
      tree.refreshAll();
    }),
    refreshed.listen(() => tree.refreshAll()),
    projects.onDidChangeMirror((change) => {
      const ids = affected(change);
      // What changes may begin to match a filter, or cease to.
      if (ids === 'all' || (isNarrowed() && [...ids].length > 0)) calm.all();
      else for (const id of ids) drawIfNew(id);
    }),
    window.filters.onDidChange((filtered) => {
      if (filtered !== id) return;
      describe();
      tree.refreshAll();
    }),
  );
  const reveal = async (ids: readonly string[]): Promise<string | undefined> => {
    await vscode.commands.executeCommand(`${id}.focus`);
    // A row that is drawn again just then can't be shown: it is looked up and shown once more.
    for (let triesLeft = revealTries; ; triesLeft--) {
      const node = await tree.follow(ids);
      if (node === undefined) return undefined;
      await view.reveal(node, { select: true, focus: true, expand: true });
      if (triesLeft === 1 || selected.has(node.id)) return node.id;
    }
  };
  const open = { tree, view, selected, reveal };
  window.views.set(id, open);
  return open;
}

function noMatch({ folder }: Project, words: string): TreeNode {
  return new MessageNode(folder, { folder }, say('Nothing matches "{words}"', { words }), 'filter');
}

function isWaiting(project: Project | undefined): boolean {
  const kind = project?.connection.state.kind;
  return kind === 'reconnecting' || kind === 'starting';
}
