import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { WorkflowView } from '../../../schemas/protocol/method.ts';
import { commands } from '../../ids.ts';
import type { Project } from '../../project/project.ts';
import type { Target } from '../../target.ts';
import { formatAge } from '../../wording/language.ts';
import { stateText } from '../../wording/state-look.ts';
import { factTable } from '../shared/fact-table.ts';
import { stateIcon } from '../shared/state-icon.ts';
import type { TreeContext } from '../shared/tree-context.ts';
import type { TreeNode } from '../shared/tree-node.ts';
import type { RunSummary } from '../../../schemas/protocol/run.ts';

export function workflowNodeId(folder: string, workflow: string): string {
  return `${folder}/workflow ${workflow}`;
}

/** A workflow, with how its last run ended. Without a daemon only its file is known. */
export class WorkflowNode implements TreeNode {
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
    const { id, name, file, valid } = this.#workflow;
    const last = this.#lastRun;
    const item = new vscode.TreeItem(name);
    const result = this.#result(last);
    item.description = [...(id === name || id === file ? [] : [id]), ...(result === undefined ? [] : [result])].join(' · ');
    item.iconPath = !valid
      ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.errorForeground'))
      : last === undefined
        ? new vscode.ThemeIcon('file-code')
        : stateIcon(last.state);
    item.contextValue = `workflow ${valid ? 'runnable' : 'broken'}${last === undefined ? '' : ' hasRun'}`;
    item.accessibilityInformation = { label: [l10n.t('workflow {0}', name), ...(result === undefined ? [] : [result])].join(', ') };
    item.command = { command: commands.openWorkflow, title: l10n.t('Open Workflow'), arguments: [this.target] };
    return item;
  }

  tooltip(): vscode.MarkdownString {
    const { name, description, file, queues } = this.#workflow;
    const facts: (readonly [string, string])[] = [[l10n.t('File'), file]];
    if (description !== undefined) facts.push([l10n.t('About'), description]);
    if (queues.length > 0) facts.push([l10n.t('Queues'), queues.join(', ')]);
    const result = this.#result(this.#lastRun);
    if (result !== undefined) facts.push([l10n.t('Last run'), result]);
    return factTable(name, facts);
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof WorkflowNode) this.#workflow = newer.#workflow;
  }

  #result(last: RunSummary | undefined): string | undefined {
    if (!this.#workflow.valid) return l10n.t('has errors');
    if (last === undefined) return undefined;
    return `${stateText(last.state)} ${formatAge(last.endedAt ?? last.createdAt, this.#context.now())}`;
  }

  get #lastRun(): RunSummary | undefined {
    return this.#project.mirror.runs().find(({ workflow }) => workflow === this.#workflow.id);
  }
}
