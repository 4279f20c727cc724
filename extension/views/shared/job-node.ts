import * as vscode from 'vscode';
import * as l10n from '@vscode/l10n';
import type { JobSummary } from '../../../schemas/protocol/job.ts';
import { isJobEnded } from '../../../schemas/protocol/state.ts';
import { curlActions } from '../../documents/curl-text.ts';
import { commands } from '../../ids.ts';
import type { Target } from '../../target.ts';
import { ageAt } from '../../wording/language.ts';
import { jobDescription, jobFacts, jobLabel, jobName } from '../../wording/job.ts';
import { AttemptNode } from './attempt-node.ts';
import { factTable } from './fact-table.ts';
import { stateIcon } from './state-icon.ts';
import type { TreeContext } from './tree-context.ts';
import type { TreeNode } from './tree-node.ts';

export interface JobRowStyle {
  /** What the rows above tell already. */
  readonly hidden?: { readonly state?: boolean; readonly cause?: boolean };
  /** A click opens its payload for editing, where it is a dead letter. */
  readonly opensPayload?: boolean;
}

export class JobNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #style: JobRowStyle;
  #job: JobSummary;

  constructor(context: TreeContext, parentId: string, folder: string, job: JobSummary, style: JobRowStyle) {
    this.id = `${parentId}/${job.id}`;
    this.target = { folder, job: job.id, run: job.run, queue: job.queue };
    this.#context = context;
    this.#style = style;
    this.#job = job;
  }

  item(): vscode.TreeItem {
    const job = this.#job;
    const { hidden = {}, opensPayload = false } = this.#style;
    const now = this.#context.now();
    const hasAttempts = job.attemptCount > 0 || job.state === 'active';
    const item = new vscode.TreeItem(jobName(job), hasAttempts ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None);
    item.description = jobDescription(job, now, { state: hidden.state !== true, cause: hidden.cause !== true });
    // Another shape, and not another colour alone.
    item.iconPath = job.state === 'dead' && job.draft !== undefined ? new vscode.ThemeIcon('edit', new vscode.ThemeColor('gitDecoration.modifiedResourceForeground')) : stateIcon(job.state);
    item.contextValue = ['job', job.state, ...(isJobEnded(job.state) ? [] : ['cancellable']), ...(job.state === 'dead' ? ['replayable', ...(job.draft === undefined ? [] : ['edited'])] : []), ...(curlActions.includes(job.uses) ? ['httpCall'] : [])].join(' ');
    item.accessibilityInformation = { label: jobLabel(job, now) };
    item.command =
      opensPayload && job.state === 'dead'
        ? { command: commands.openDeadLetter, title: l10n.t('Edit Payload'), arguments: [this.target] }
        : { command: commands.openJob, title: l10n.t('Open Job'), arguments: [this.target] };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const daemon = this.#context.projects.get(this.target.folder)?.daemon;
    if (daemon === undefined) return [];
    const { attempts } = await daemon.call('job/get', { id: this.#job.id });
    return attempts.toReversed().map((attempt) => new AttemptNode(this.id, this.target, attempt));
  }

  tooltip(): vscode.MarkdownString {
    return factTable(jobName(this.#job), jobFacts(this.#job, ageAt(this.#context.now())));
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof JobNode) this.#job = newer.#job;
  }
}
