import * as vscode from 'vscode';
import { views } from '../base/ids.ts';
import type { Project } from '../project/project.ts';
import type { ProjectMirrorChange } from '../project/projects.ts';
import type { DeadGroup } from '../../schemas/protocol/job.ts';
import type { Target } from '../base/target.ts';
import { editedParts } from '../wording/job.ts';
import { formatAge, formatNumber, say } from '../wording/language.ts';
import { oneLine } from '../wording/outside-text.ts';
import { countUnseen, type SeenCounts } from './unseen.ts';
import { factTable } from './fact-table.ts';
import { JobList } from './job-node.ts';
import { openTreeView, type ViewContext } from './open-tree-view.ts';
import type { OpenTreeView } from './open-view.ts';
import { longestList, MessageNode, type TreeContext, type TreeNode } from './tree-node.ts';
import { type ConditionFilter, deadConditions, filterKey, hasWords } from './view-filters.ts';

const memoryKey = 'deadLetters.seen';

/** Dead letters by queue and by what they failed with; its badge counts those that came since it was last open. */
export function openDeadLettersView(window: ViewContext): OpenTreeView {
  const drawn = new Map<string, string>();
  const open = openTreeView(window, {
    id: views.deadLetters,
    rows: async (context, project) => {
      const filter = context.conditions();
      if (filter !== undefined) return filteredQueues(context, project, filter);
      const names = await matchingQueues(project, context.filter());
      return project.mirror
        .queues()
        .filter(({ name, depth }) => depth.dead > 0 && names?.has(name) !== false)
        .map(({ name }) => new DeadQueueNode(context, project, name));
    },
    affected: (event) => affected(event, drawn),
  });
  const showBadge = (): void => {
    const before = window.memory.get<SeenCounts>(memoryKey) ?? {};
    const { unseen, seen } = countUnseen(deadCounts(window), before, open.view.visible);
    if (JSON.stringify(seen) !== JSON.stringify(before)) void window.memory.update(memoryKey, seen);
    open.view.badge = unseen === 0 ? undefined : { value: unseen, tooltip: say('{count, plural, =1 {One new dead letter} other {# new dead letters}}', { count: unseen }) };
  };
  window.subscriptions.push(
    open.view.onDidChangeVisibility(showBadge),
    window.projects.onDidChangeMirror(({ change }) => {
      if (change.all || change.queues.size > 0) showBadge();
    }),
  );
  return open;
}

/** Queues with a group that has the words; undefined if all are to be shown. */
async function matchingQueues({ daemon }: Project, words: string): Promise<ReadonlySet<string> | undefined> {
  if (words === '') return undefined;
  const groups = (await daemon?.call('dead/groups', { limit: longestList }))?.groups ?? [];
  return new Set(groups.filter(({ queue, group }) => hasWords(`${queue} ${group}`, words)).map(({ queue }) => queue));
}

/** Only what meets a filter, and counted so. */
async function filteredQueues(context: TreeContext, project: Project, filter: ConditionFilter): Promise<readonly TreeNode[]> {
  const { folder } = project;
  const { groups = [], others = 0, isPartial = false } = (await project.daemon?.call('dead/groups', { ...deadConditions(filter), limit: longestList })) ?? {};
  const queues = [...Map.groupBy(groups, ({ queue }) => queue)].map(([name, ofQueue]) => new DeadQueueNode(context, project, name, { filter, groups: ofQueue, isPartial }));
  const notes = [
    ...(others === 0 ? [] : [new MessageNode(folder, { folder }, say('and {others} more, of rarer causes', { others }), 'ellipsis')]),
    ...(isPartial ? [new MessageNode(folder, { folder }, say('Too many dead letters to look at each: those that died last were counted.'))] : []),
  ];
  return [...queues, ...notes];
}

/** What of a queue meets the filter. */
interface NarrowedQueue {
  readonly filter: ConditionFilter;
  readonly groups: readonly DeadGroup[];
  /** There may be more. */
  readonly isPartial: boolean;
}

/** How a queue is drawn that has none. */
const nothingDead = '';

/** Only queues whose dead letters have changed in number, or in their edits, are read again: the others change many times a second. */
function affected({ project, change }: ProjectMirrorChange, drawn: Map<string, string>): string[] | 'all' {
  const moved: string[] = [];
  let isOtherList = change.all || change.queueList;
  for (const name of change.all ? project.mirror.queues().map((queue) => queue.name) : change.queues) {
    const id = deadQueueNodeId(project.folder, name);
    const queue = project.mirror.queue(name);
    const dead = queue?.depth.dead ?? 0;
    const before = drawn.get(id) ?? nothingDead;
    // Also where an edit was saved, again or dropped.
    const now = dead === 0 ? nothingDead : `${dead} ${queue?.drafts?.count ?? 0} ${queue?.drafts?.savedAt ?? ''}`;
    drawn.set(id, now);
    if (before !== now) moved.push(id);
    isOtherList ||= (before === nothingDead) !== (now === nothingDead);
  }
  return isOtherList ? 'all' : moved;
}

function deadCounts({ projects }: ViewContext): SeenCounts {
  return Object.fromEntries(projects.all.flatMap(({ folder, mirror }) => mirror.queues().map(({ name, depth }) => [`${folder} ${name}`, depth.dead])));
}

function deadQueueNodeId(folder: string, queue: string): string {
  return `${folder}/dead ${queue}`;
}

/** A queue with dead letters. */
class DeadQueueNode implements TreeNode {
  readonly id: string;
  readonly #context: TreeContext;
  readonly #project: Project;
  readonly #queue: string;
  #narrowed: NarrowedQueue | undefined;

  constructor(context: TreeContext, project: Project, queue: string, narrowed?: NarrowedQueue) {
    this.id = deadQueueNodeId(project.folder, queue);
    this.#narrowed = narrowed;
    this.#context = context;
    this.#project = project;
    this.#queue = queue;
  }

  get target(): Target {
    return targetOf(this.#project, this.#queue, this.#narrowed);
  }

  item(): vscode.TreeItem {
    const narrowed = this.#narrowed;
    const queue = this.#project.mirror.queue(this.#queue);
    const count = narrowed === undefined ? (queue?.depth.dead ?? 0) : sumOf(narrowed.groups.map((group) => group.count));
    const item = new vscode.TreeItem(this.#queue, vscode.TreeItemCollapsibleState.Expanded);
    const edited = editedParts(narrowed === undefined ? queue?.drafts?.count : sumOf(narrowed.groups.map((group) => group.edited ?? 0)));
    item.description = [countText(count, narrowed), ...edited].join(' · ');
    item.iconPath = new vscode.ThemeIcon('inbox');
    item.contextValue = 'deadQueue deadGroup';
    item.tooltip = say('{count, plural, =1 {One dead letter of the queue {queue}, by what it failed with} other {# dead letters of the queue {queue}, by what they failed with}}', { count, queue: this.#queue });
    item.accessibilityInformation = { label: [item.tooltip, ...edited].join(', ') };
    return item;
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof DeadQueueNode) this.#narrowed = newer.#narrowed;
  }

  async children(): Promise<readonly TreeNode[]> {
    const narrowed = this.#narrowed;
    if (narrowed !== undefined) return narrowed.groups.map((group) => new DeadGroupNode(this.#context, this.#project, this.id, group, narrowed));
    const answer = await this.#project.daemon?.call('dead/groups', { queue: this.#queue, limit: longestList });
    const words = this.#context.filter();
    const shown = answer?.groups.filter(({ queue, group }) => hasWords(`${queue} ${group}`, words));
    const groups = shown?.map((group) => new DeadGroupNode(this.#context, this.#project, this.id, group)) ?? [];
    const others = answer?.others ?? 0;
    return others === 0 ? groups : [...groups, new MessageNode(this.id, this.target, say('and {others} more, of rarer causes', { others }), 'ellipsis')];
  }
}

/** The dead letters of a queue that failed alike. */
class DeadGroupNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #jobs: JobList;
  readonly #narrowed: NarrowedQueue | undefined;
  #group: DeadGroup;

  constructor(context: TreeContext, project: Project, parentId: string, group: DeadGroup, narrowed?: NarrowedQueue) {
    const { queue, group: name } = group;
    this.id = `${parentId}/group ${name}${filterKey(narrowed?.filter)}`;
    this.target = { ...targetOf(project, queue, narrowed), group: name };
    this.#narrowed = narrowed;
    this.#context = context;
    this.#group = group;
    this.#jobs = new JobList({
      context,
      parentId: this.id,
      target: this.target,
      style: { hidden: { state: true, cause: true }, opensPayload: true },
      fetch: async (page) => (await project.daemon?.call('dead/list', { ...(narrowed === undefined ? {} : deadConditions(narrowed.filter)), queue, group: name, ...page })) ?? { jobs: [] },
    });
  }

  item(): vscode.TreeItem {
    const { title, uses, count, edited, newestAt, oldestAt } = this.#group;
    const now = this.#context.now();
    const name = oneLine(title);
    // The phrase of a status says what the status does, and would leave no room for what tells the groups apart. The tooltip has it.
    const label = name.replace(/^(\d{3}) [A-Za-z][A-Za-z' -]{0,60}: (?=\S)/, '$1: ');
    const counted = countText(count, this.#narrowed);
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
    item.description = [counted, ...editedParts(edited), say('newest {age}', { age: formatAge(newestAt, now) })].join(' · ');
    item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
    item.contextValue = 'deadGroup';
    item.tooltip = factTable(title, [
      [say('Action'), uses],
      [say('Dead letters'), counted],
      ...(edited === undefined ? [] : [[say('Edited, not sent'), formatNumber(edited)] as const]),
      [say('Newest'), formatAge(newestAt, now)],
      [say('Oldest'), formatAge(oldestAt, now)],
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

function targetOf({ folder }: Project, queue: string, narrowed: NarrowedQueue | undefined): Target {
  if (narrowed === undefined) return { folder, queue };
  const { queue: _, ...only } = deadConditions(narrowed.filter);
  return { folder, queue, only };
}

function countText(count: number, narrowed: NarrowedQueue | undefined): string {
  return narrowed?.isPartial === true ? say('at least {count}', { count }) : formatNumber(count);
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
