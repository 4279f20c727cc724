import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { AttemptView } from '../../../schemas/protocol/job.ts';
import { commands } from '../../ids.ts';
import type { Target } from '../../target.ts';
import { attemptDescription } from '../../wording/job.ts';
import { stateIcon } from './state-icon.ts';
import type { TreeNode } from './tree-node.ts';

export class AttemptNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  #attempt: AttemptView;

  constructor(parentId: string, job: Target, attempt: AttemptView) {
    this.id = `${parentId}/attempt ${attempt.number}`;
    this.target = { ...job, attempt: attempt.number };
    this.#attempt = attempt;
  }

  item(): vscode.TreeItem {
    const attempt = this.#attempt;
    const name = attempt.round > 1 ? l10n.t('Attempt {0}, round {1}', attempt.number, attempt.round) : l10n.t('Attempt {0}', attempt.number);
    const item = new vscode.TreeItem(name);
    item.description = attemptDescription(attempt);
    item.iconPath = stateIcon(attempt.state);
    item.contextValue = `attempt ${attempt.state}`;
    item.accessibilityInformation = { label: `${name}, ${attemptDescription(attempt)}` };
    item.tooltip = new vscode.MarkdownString().appendText(attempt.error?.message ?? item.description);
    item.command = { command: commands.openAttempt, title: l10n.t('Open Attempt'), arguments: [this.target] };
    return item;
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof AttemptNode) this.#attempt = newer.#attempt;
  }
}
