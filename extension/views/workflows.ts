import * as vscode from 'vscode';
import { commands, views } from '../base/ids.ts';
import type { Project } from '../project/project.ts';
import type { WorkflowView } from '../../schemas/protocol/workflow.ts';
import type { RunSummary } from '../../schemas/protocol/run.ts';
import type { Target } from '../base/target.ts';
import { formatAge, say } from '../wording/language.ts';
import { stateText } from '../wording/state-look.ts';
import { DeliveriesNode, deliveriesNodeId } from './delivery-node.ts';
import { factTable, stateIcon } from './fact-table.ts';
import { openTreeView, type ViewContext } from './open-tree-view.ts';
import type { OpenTreeView } from './open-view.ts';
import type { TreeContext, TreeNode } from './tree-node.ts';
import type { ScheduleView } from '../../schemas/protocol/trigger.ts';
import { scheduleDescription, scheduleFacts, scheduleLabel } from '../wording/schedule.ts';

/** Workflows, with their last results. They can be looked at without a daemon too. */
export function openWorkflowsView(window: ViewContext): OpenTreeView {
  const open = openTreeView(window, {
    id: views.workflows,
    rows: async (context, project) => {
      const workflows = (await project.daemon?.call('workflow/list', {}))?.workflows ?? (await findWorkflowFiles(project));
      return workflows.map((workflow) => new WorkflowNode(context, project, workflow));
    },
    affected: ({ project, change }) => {
      if (change.all) return 'all';
      const workflows = new Set([...change.runs].flatMap((id) => project.mirror.run(id)?.workflow ?? []));
      const received = [...change.deliveries].map((workflow) => deliveriesNodeId(workflowNodeId(project.folder, workflow)));
      const scheduled = [...change.schedules].map((workflow) => workflowNodeId(project.folder, workflow));
      return [...[...workflows].map((workflow) => workflowNodeId(project.folder, workflow)), ...scheduled, ...received];
    },
  });
  window.subscriptions.push(window.projects.onDidChangeFiles(() => open.tree.refreshAll()));
  return open;
}

function workflowNodeId(folder: string, workflow: string): string {
  return `${folder}/workflow ${workflow}`;
}

/** A workflow, with how its last run ended and, below it, its schedules and what its webhook has received. Without a daemon only its file is known. */
class WorkflowNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #project: Project;
  #workflow: WorkflowView;

  constructor(context: TreeContext, project: Project, workflow: WorkflowView) {
    this.id = workflowNodeId(project.folder, workflow.id);
    this.target = { folder: project.folder, workflow: workflow.id, file: workflow.file };
    this.#context = context;
    this.#project = project;
    this.#workflow = workflow;
  }

  item(): vscode.TreeItem {
    const { id, name, file, valid, webhook, schedules } = this.#workflow;
    const last = this.#lastRun;
    const item = new vscode.TreeItem(name, webhook === undefined && schedules === undefined ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Collapsed);
    const result = this.#result(last);
    item.description = [...(id === name || id === file ? [] : [id]), ...(result === undefined ? [] : [result])].join(' · ');
    item.iconPath = !valid
      ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.errorForeground'))
      : last === undefined
        ? new vscode.ThemeIcon('file-code')
        : stateIcon(last.state);
    item.contextValue = `workflow ${valid ? 'runnable' : 'broken'}${last === undefined ? '' : ' hasRun'}${webhook === undefined ? '' : ' hasWebhook'}`;
    item.accessibilityInformation = { label: [say('workflow {name}', { name }), ...(result === undefined ? [] : [result])].join(', ') };
    item.command = { command: commands.openWorkflow, title: say('Open Workflow'), arguments: [this.target] };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const { id, webhook, schedules } = this.#workflow;
    const listed = schedules === undefined ? undefined : await this.#project.daemon?.call('schedule/list', { workflow: id });
    return [
      ...(listed?.schedules ?? []).map((schedule) => new ScheduleNode(this.#context, this.id, this.#project.folder, schedule)),
      ...(webhook === undefined ? [] : [new DeliveriesNode(this.#context, this.#project, this.id, id, webhook)]),
    ];
  }

  tooltip(): vscode.MarkdownString {
    const { name, description, file, queues } = this.#workflow;
    const facts: (readonly [string, string])[] = [[say('File'), file]];
    if (description !== undefined) facts.push([say('About'), description]);
    if (queues.length > 0) facts.push([say('Queues'), queues.join(', ')]);
    const result = this.#result(this.#lastRun);
    if (result !== undefined) facts.push([say('Last run'), result]);
    return factTable(name, facts);
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof WorkflowNode) this.#workflow = newer.#workflow;
  }

  #result(last: RunSummary | undefined): string | undefined {
    if (!this.#workflow.valid) return say('has errors');
    if (last === undefined) return undefined;
    return `${stateText(last.state)} ${formatAge(last.endedAt ?? last.createdAt, this.#context.now())}`;
  }

  get #lastRun(): RunSummary | undefined {
    return this.#project.mirror.runs().find(({ workflow }) => workflow === this.#workflow.id);
  }
}

const most = 500;

/** The project's workflows by the names of their files alone: all that can be known while no daemon runs. */
async function findWorkflowFiles({ folder }: Project): Promise<readonly WorkflowView[]> {
  const base = vscode.Uri.parse(folder);
  const patterns = ['.sluice/workflows/*.{yaml,yml}', '**/*.sluice.yaml'];
  const found = await Promise.all(patterns.map((pattern) => vscode.workspace.findFiles(new vscode.RelativePattern(base, pattern), '**/node_modules/**', most)));
  return found
    .flat()
    .map((uri) => uri.path.slice(base.path.length + 1))
    .sort()
    .map((file) => ({ id: file, name: file.slice(file.lastIndexOf('/') + 1), file, valid: true, queues: [] }));
}

/** One schedule of a workflow: when it starts a run next. */
class ScheduleNode implements TreeNode {
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
