import * as vscode from 'vscode';
import { commands, views } from '../base/ids.ts';
import type { Project } from '../project/project.ts';
import type { RunSummary, StepView } from '../../schemas/protocol/run.ts';
import type { Target } from '../base/target.ts';
import { ageAt, say } from '../wording/language.ts';
import { oneLine } from '../wording/outside-text.ts';
import { runDescription, runFacts, runLabel, stepDescription } from '../wording/run.ts';
import { DraftChanges } from './draft-changes.ts';
import { factTable, stateIcon } from './fact-table.ts';
import { JobList } from './job-node.ts';
import { openTreeView, type ViewContext } from './open-tree-view.ts';
import type { OpenTreeView } from './open-view.ts';
import { LoadMoreNode, longestList, MessageNode, nextLimit, pageSize, type TreeContext, type TreeNode } from './tree-node.ts';
import { type ConditionFilter, filterKey, hasWords, jobConditions } from './view-filters.ts';

/** Runs, their steps, the jobs of each, and the attempts at each job. */
export function openRunsView(window: ViewContext): OpenTreeView {
  const drafts = new DraftChanges();
  const lists = new WeakMap<Project, RunList>();
  const open: OpenTreeView = openTreeView(window, {
    id: views.runs,
    rows: async (context, project) => {
      const list = lists.get(project) ?? new RunList(project, () => open.tree.refreshAll());
      lists.set(project, list);
      return list.nodes(context);
    },
    affected: ({ project, change }) => (drafts.take({ project, change }) || change.all || change.runList ? 'all' : [...change.runs].map((id) => runNodeId(project.folder, id))),
  });
  return open;
}

/** Each that the mirror no longer holds is asked for by itself. */
const maxFilteredRuns = 50;

/** The runs of one project, newest first, by pages: the newest from the mirror, older ones from the daemon. */
class RunList {
  readonly #project: Project;
  readonly #refresh: () => void;
  #limit = pageSize;

  constructor(project: Project, refresh: () => void) {
    this.#project = project;
    this.#refresh = refresh;
  }

  async nodes(context: TreeContext): Promise<readonly TreeNode[]> {
    const words = context.filter();
    const filter = context.conditions();
    if (filter !== undefined) return this.#filtered(context, filter);
    const { runs, hasMore } = await this.#page(words === '' ? this.#limit : longestList);
    const rows: TreeNode[] = runs.filter((run) => hasWords(`${run.workflow} ${run.id} ${runDescription(run, context.now())}`, words)).map((run) => new RunNode(context, this.#project, run));
    if (hasMore && words === '' && this.#limit < longestList) {
      const { folder } = this.#project;
      rows.push(
        new LoadMoreNode(`${folder}/runs`, { folder }, () => {
          this.#limit = nextLimit(this.#limit);
          this.#refresh();
        }),
      );
    }
    return rows;
  }

  /** Runs that have a job that meets the conditions: of the newest jobs, as many as a view lists. */
  async #filtered(context: TreeContext, filter: ConditionFilter): Promise<readonly TreeNode[]> {
    const { daemon, folder, mirror } = this.#project;
    if (daemon === undefined) return [];
    const found = await daemon.call('job/list', { ...jobConditions(filter), limit: longestList });
    const ids = [...new Set(found.jobs.map(({ run }) => run))];
    const shownIds = ids.slice(0, maxFilteredRuns);
    const runs = await Promise.all(shownIds.map(async (id) => mirror.run(id) ?? (await daemon.call('run/get', { id }))));
    const rows: TreeNode[] = runs.map((run) => new RunNode(context, this.#project, run));
    if (found.next !== undefined || ids.length > maxFilteredRuns) rows.push(new MessageNode(folder, { folder }, say('Older runs may have such jobs too: only the newest were looked at.'), 'ellipsis'));
    return rows;
  }

  async #page(limit: number): Promise<{ readonly runs: readonly RunSummary[]; readonly hasMore: boolean }> {
    const mirrored = this.#project.mirror.runs();
    if (mirrored.length < pageSize) return { runs: mirrored, hasMore: false };
    if (mirrored.length > limit) return { runs: mirrored.slice(0, limit), hasMore: true };
    const answer = await this.#project.daemon?.call('run/list', { limit });
    return answer === undefined ? { runs: mirrored, hasMore: false } : { runs: answer.runs, hasMore: answer.next !== undefined };
  }
}

function runNodeId(folder: string, run: string): string {
  return `${folder}/run ${run}`;
}

class RunNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #project: Project;
  /** As it was listed; the mirror knows better where it still holds the run. */
  #listed: RunSummary;

  constructor(context: TreeContext, project: Project, run: RunSummary) {
    this.id = runNodeId(project.folder, run.id);
    this.target = { folder: project.folder, run: run.id, workflow: run.workflow };
    this.#context = context;
    this.#project = project;
    this.#listed = run;
  }

  item(): vscode.TreeItem {
    const run = this.#run;
    const now = this.#context.now();
    const item = new vscode.TreeItem(`${run.workflow} ${run.id}`, vscode.TreeItemCollapsibleState.Collapsed);
    item.description = runDescription(run, now);
    item.iconPath = stateIcon(run.state);
    item.contextValue = ['run', run.state, ...(run.state === 'running' || run.jobs.open > 0 ? ['cancellable'] : []), ...(run.heldAfter === undefined ? [] : ['continuable']), ...(run.jobs.dead > 0 ? ['withDead'] : [])].join(' ');
    item.accessibilityInformation = { label: runLabel(run, now) };
    item.command = { command: commands.openRun, title: say('Open Run'), arguments: [this.target] };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const detail = await this.#project.daemon?.call('run/get', { id: this.#listed.id });
    const only = this.#context.conditions()?.conditions.step;
    return detail?.steps.filter(({ id }) => (only ?? id) === id).map((step) => new StepNode(this.#context, this.#project, this.id, detail.id, step)) ?? [];
  }

  tooltip(): vscode.MarkdownString {
    const run = this.#run;
    return factTable(`${run.workflow} ${run.id}`, runFacts(run, ageAt(this.#context.now())));
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof RunNode) this.#listed = newer.#listed;
  }

  get #run(): RunSummary {
    return this.#project.mirror.run(this.#listed.id) ?? this.#listed;
  }
}

class StepNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #jobs: JobList;
  #step: StepView;

  constructor(context: TreeContext, project: Project, parentId: string, run: string, step: StepView) {
    const filter = context.conditions();
    this.id = `${parentId}/step ${step.id}${filterKey(filter)}`;
    this.target = { folder: project.folder, run, step: step.id, queue: step.queue };
    this.#step = step;
    this.#jobs = new JobList({
      context,
      parentId: this.id,
      target: this.target,
      style: {},
      fetch: async (page) => (await project.daemon?.call('job/list', { ...jobConditions(filter), run, step: step.id, ...page })) ?? { jobs: [] },
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
