import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import type { QueueView } from '../../../schemas/protocol/queue.ts';
import { commands } from '../../ids.ts';
import type { Project } from '../../project/project.ts';
import type { Target } from '../../target.ts';
import { isHeld, presentSeverity, queueDescription, queueFacts, queueLabel } from '../../wording/queue.ts';
import { factTable, type FactLink } from '../shared/fact-table.ts';
import type { TreeContext } from '../shared/tree-context.ts';
import type { TreeNode } from '../shared/tree-node.ts';
import { StateNode, shownStates } from './state-node.ts';

export function queueNodeId(folder: string, queue: string): string {
  return `${folder}/queue ${queue}`;
}

export class QueueNode implements TreeNode {
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
    return shownStates.map((state) => new StateNode(this.#context, this.#project, this.id, this.#name, state));
  }

  tooltip(): vscode.MarkdownString | undefined {
    const queue = this.#queue;
    if (queue === undefined) return undefined;
    const links: Omit<FactLink, 'target'>[] = [
      ...(queue.paused || isHeld(queue, this.#context.now()) ? [{ title: l10n.t('Resume'), command: commands.resumeQueue }] : []),
      ...(queue.paused ? [] : [{ title: l10n.t('Pause'), command: commands.pauseQueue }]),
      ...(queue.undeclared?.reason === 'gone' ? [{ title: l10n.t('Move jobs…'), command: commands.moveQueue }, { title: l10n.t('Release…'), command: commands.releaseQueue }] : []),
      { title: l10n.t('Set rate…'), command: commands.setRate },
      { title: l10n.t('Set concurrency…'), command: commands.setConcurrency },
      ...(queue.depth.dead > 0 ? [{ title: l10n.t('Replay dead letters…'), command: commands.replayGroup }] : []),
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
