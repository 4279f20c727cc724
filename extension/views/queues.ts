import * as vscode from 'vscode';
import { commands, views } from '../base/ids.ts';
import type { Project } from '../project/project.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { FilterConditions } from '../../schemas/protocol/saved-filters.ts';
import type { JobState } from '../../schemas/protocol/id.ts';
import type { Target } from '../base/target.ts';
import { lastStopPart } from '../wording/daemon.ts';
import { formatNumber, say } from '../wording/language.ts';
import { isHeld, presentSeverity, queueDescription, queueFacts, queueLabel } from '../wording/queue.ts';
import { lookOfState, stateTitle } from '../wording/state-look.ts';
import { daemonsNodeId, daemonsRow } from './daemon-node.ts';
import { type FactLink, factTable, stateIcon } from './fact-table.ts';
import { JobList } from './job-node.ts';
import { openTreeView, type ViewContext } from './open-tree-view.ts';
import type { OpenTreeView } from './open-view.ts';
import type { TreeContext, TreeNode } from './tree-node.ts';
import { filterKey, hasWords, jobConditions } from './view-filters.ts';

/** Queues, their states, and the jobs in each. */
export function openQueuesView(window: ViewContext): OpenTreeView {
  return openTreeView(window, {
    id: views.queues,
    rows: async (context, project) => [
      ...project.mirror
        .queues()
        .filter(({ name }) => (context.conditions()?.conditions.queue ?? name) === name)
        .filter((queue) => hasWords(`${queue.name} ${queueDescription(queue, context.now())}`, context.filter()))
        .map(({ name }) => new QueueNode(context, project, name)),
      ...(context.conditions() === undefined && context.filter() === '' ? daemonsRow(context, project) : []),
    ],
    note: leftWaiting,
    affected: ({ project, change }) => (change.all || change.queueList ? 'all' : [...[...change.queues].map((name) => queueNodeId(project.folder, name)), ...(change.status ? [daemonsNodeId(project.folder)] : [])]),
  });
}

/** With the daemon stopped there are no rows, and a welcome text with a way to start it. Of several projects, each row says it. */
function leftWaiting([only, ...others]: readonly Project[]): string | undefined {
  const state = only?.connection.state;
  return others.length === 0 && state?.kind === 'stopped' && state.left !== undefined ? lastStopPart(state.left) : undefined;
}

export function queueNodeId(folder: string, queue: string): string {
  return `${folder}/queue ${queue}`;
}

class QueueNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #project: Project;
  readonly #name: string;

  constructor(context: TreeContext, project: Project, name: string) {
    this.id = queueNodeId(project.folder, name);
    this.target = { folder: project.folder, queue: name };
    this.#context = context;
    this.#project = project;
    this.#name = name;
  }

  item(): vscode.TreeItem {
    const queue = this.#queue;
    const item = new vscode.TreeItem(this.#name, vscode.TreeItemCollapsibleState.Collapsed);
    if (queue === undefined) return item;
    const now = this.#context.now();
    item.description = queueDescription(queue, now);
    item.iconPath = iconOf(queue, now);
    const isMuted = this.#context.alerts.isMuted(this.#project.folder, this.#name);
    item.contextValue = ['queue', queue.paused ? 'paused' : 'running', ...(isHeld(queue, now) ? ['held'] : []), ...(queue.depth.dead > 0 ? ['withDead'] : []), ...(queue.undeclared?.reason === 'gone' ? ['undeclared'] : []), isMuted ? 'muted' : 'audible'].join(' ');
    item.accessibilityInformation = { label: queueLabel(queue, now) };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const only = this.#context.conditions()?.conditions.state;
    return (only === undefined ? shownStates : [only]).map((state) => new StateNode(this.#context, this.#project, this.id, this.#name, state));
  }

  tooltip(): vscode.MarkdownString | undefined {
    const queue = this.#queue;
    if (queue === undefined) return undefined;
    const links: Omit<FactLink, 'target'>[] = [
      ...(queue.paused || isHeld(queue, this.#context.now()) ? [{ title: say('Resume'), command: commands.resumeQueue }] : []),
      ...(queue.paused ? [] : [{ title: say('Pause'), command: commands.pauseQueue }]),
      ...(queue.undeclared?.reason === 'gone' ? [{ title: say('Move jobs…'), command: commands.moveQueue }, { title: say('Release…'), command: commands.releaseQueue }] : []),
      { title: say('Set rate…'), command: commands.setRate },
      { title: say('Set concurrency…'), command: commands.setConcurrency },
      ...(queue.depth.dead > 0 ? [{ title: say('Replay dead letters…'), command: commands.replayGroup }] : []),
    ];
    return factTable(this.#name, queueFacts(queue, this.#context.now()), links.map((link) => ({ ...link, target: this.target })));
  }

  get #queue(): QueueView | undefined {
    return this.#project.mirror.queue(this.#name);
  }
}

function iconOf(queue: QueueView, nowMs: number): vscode.ThemeIcon {
  const severity = presentSeverity(queue.alerts);
  if (severity === 'error') return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
  if (severity === 'warning') return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  if (queue.undeclared !== undefined) return new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  if (queue.paused) return new vscode.ThemeIcon('debug-pause', new vscode.ThemeColor('charts.yellow'));
  if (queue.depth.dead > 0) return new vscode.ThemeIcon('mail', new vscode.ThemeColor('list.warningForeground'));
  if (isHeld(queue, nowMs)) return new vscode.ThemeIcon('clock', new vscode.ThemeColor('charts.yellow'));
  if (queue.depth.active > 0) return new vscode.ThemeIcon('play-circle', new vscode.ThemeColor('charts.blue'));
  return new vscode.ThemeIcon('inbox');
}

/** The states of a queue that are worth a row; those that a person rarely looks for are in the runs. */
const shownStates = ['active', 'pending', 'delayed', 'dead', 'succeeded'] as const satisfies readonly JobState[];

class StateNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #project: Project;
  readonly #queue: string;
  readonly #state: JobState;
  readonly #conditions: FilterConditions | undefined;
  readonly #jobs: JobList;

  constructor(context: TreeContext, project: Project, parentId: string, queue: string, state: JobState) {
    const filter = context.conditions();
    this.id = `${parentId}/${state}${filterKey(filter)}`;
    this.#conditions = filter?.conditions;
    this.target = { folder: project.folder, queue };
    this.#project = project;
    this.#queue = queue;
    this.#state = state;
    this.#jobs = new JobList({
      context,
      parentId: this.id,
      target: this.target,
      style: { hidden: { state: true } },
      fetch: async (page) => (await project.daemon?.call('job/list', { ...jobConditions(filter), queue, state, ...page })) ?? { jobs: [] },
    });
  }

  item(): vscode.TreeItem {
    const { icon } = lookOfState(this.#state);
    const word = stateTitle(this.#state);
    const count = this.#count();
    const isEmpty = count === 0;
    const item = new vscode.TreeItem(word, isEmpty ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Collapsed);
    // Those that succeeded are pruned some day, so their number would say little.
    item.description = this.#conditions !== undefined ? say('as filtered, newest first') : count === undefined ? say('newest first') : formatNumber(count);
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
    const depth: Readonly<Partial<Record<JobState, number>>> | undefined = this.#project.mirror.queue(this.#queue)?.depth;
    const all = this.#state === 'succeeded' ? undefined : (depth?.[this.#state] ?? 0);
    // How many of them meet a filter, nobody has counted.
    return this.#conditions === undefined ? all : undefined;
  }
}
