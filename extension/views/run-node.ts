import * as vscode from 'vscode';
import { commands } from '../base/ids.ts';
import type { Target } from '../base/target.ts';
import { firstChildRuns } from '../project/first-child-runs.ts';
import type { Project } from '../project/project.ts';
import type { ChildRunCounts, RunSummary, StepView } from '../../schemas/protocol/run.ts';
import { childRunsMessage, childStateMessages } from '../../schemas/wording/run.ts';
import { ageAt, say, textOf, toldText } from '../wording/language.ts';
import { oneLine } from '../wording/outside-text.ts';
import { childRunDescription, childRunName, runDescription, runFacts, runLabel, stepDescription } from '../wording/run.ts';
import { factTable, stateIcon } from './fact-table.ts';
import { JobList } from './job-node.ts';
import { LoadMoreNode, longestList, nextLimit, pageSize, type TreeContext, type TreeNode } from './tree-node.ts';
import { filterKey, jobConditions } from './view-filters.ts';

/** Of the row of a run below another row, or below its project. */
export function runNodeId(parentId: string, run: string): string {
  return `${parentId}/run ${run}`;
}

/** What rows of runs need. */
export interface RunContext extends TreeContext {
  /** Ids of the rows whose child runs were drawn: nothing is heard of these runs one by one. */
  readonly childLists: Set<string>;
}

/** A run, with its steps below it and the runs that these have started. */
export class RunNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: RunContext;
  readonly #project: Project;
  readonly #isChild: boolean;
  /** As it was listed; the mirror knows better where it still holds the run. */
  #listed: RunSummary;

  constructor(context: RunContext, project: Project, run: RunSummary, parentId: string = project.folder) {
    this.id = runNodeId(parentId, run.id);
    this.target = { folder: project.folder, run: run.id, workflow: run.workflow };
    this.#context = context;
    this.#project = project;
    this.#isChild = parentId !== project.folder;
    this.#listed = run;
  }

  item(): vscode.TreeItem {
    const run = this.#run;
    const now = this.#context.now();
    const item = new vscode.TreeItem(this.#isChild ? childRunName(run) : `${run.workflow} ${run.id}`, vscode.TreeItemCollapsibleState.Collapsed);
    item.description = this.#isChild ? childRunDescription(run, now) : runDescription(run, now);
    item.iconPath = stateIcon(run.state);
    item.contextValue = ['run', run.state, ...(run.state === 'running' || run.jobs.open > 0 ? ['cancellable'] : []), ...(run.heldAfter === undefined ? [] : ['continuable']), ...(run.jobs.dead > 0 ? ['withDead'] : [])].join(' ');
    item.accessibilityInformation = { label: runLabel(run, now) };
    item.command = { command: commands.openRun, title: say('Open Run'), arguments: [this.target] };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const detail = await this.#project.daemon?.call('run/get', { id: this.#listed.id });
    if (detail === undefined) return [];
    const filter = this.#context.conditions();
    const only = filter?.conditions.step;
    const steps: TreeNode[] = detail.steps.filter(({ id }) => (only ?? id) === id).map((step) => new StepNode(this.#context, this.#project, this.id, detail.id, step));
    // A filter of jobs finds those of child runs by itself.
    return detail.children === undefined || filter !== undefined ? steps : [...steps, new ChildRunsNode(this.#context, this.#project, this.id, detail.id, detail.children)];
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

/** The runs that steps of a run have started: those that failed, then those that are running, then the others, by pages. */
class ChildRunsNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: RunContext;
  readonly #project: Project;
  readonly #parent: string;
  #counts: ChildRunCounts;
  #limit = pageSize;

  constructor(context: RunContext, project: Project, parentId: string, parent: string, counts: ChildRunCounts) {
    this.id = childRunsNodeId(parentId);
    this.target = { folder: project.folder };
    this.#context = context;
    this.#project = project;
    this.#parent = parent;
    this.#counts = counts;
  }

  item(): vscode.TreeItem {
    const title = textOf(childRunsMessage(this.#counts));
    const states = childStateMessages(this.#counts).map(textOf);
    const item = new vscode.TreeItem(title, vscode.TreeItemCollapsibleState.Collapsed);
    item.description = states.join(' · ');
    item.iconPath = new vscode.ThemeIcon('type-hierarchy-sub');
    item.contextValue = 'childRuns';
    item.tooltip = say('Runs that steps of {run} have started: those that failed first, then those that are running.', { run: this.#parent });
    item.accessibilityInformation = { label: [title, ...states].join(', ') };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const { daemon } = this.#project;
    if (daemon === undefined) return [];
    this.#context.childLists.add(this.id);
    const { runs, hasMore } = await firstChildRuns(daemon, this.#parent, this.#limit);
    const rows: TreeNode[] = runs.map((run) => new RunNode(this.#context, this.#project, run, this.id));
    if (hasMore && this.#limit < longestList) {
      rows.push(
        new LoadMoreNode(this.id, this.target, () => {
          this.#limit = nextLimit(this.#limit);
          this.#context.refresh([this.id]);
        }),
      );
    }
    return rows;
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof ChildRunsNode) this.#counts = newer.#counts;
  }
}

/** Of the row of the runs that a run has started, below the row of that one. */
function childRunsNodeId(parentId: string): string {
  return `${parentId}/runs`;
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
    item.tooltip = oneLine(step.error === undefined ? `${step.uses}, ${step.queue}` : toldText(step.error), 500);
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
