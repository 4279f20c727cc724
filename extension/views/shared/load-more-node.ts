import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { commands } from '../../ids.ts';
import type { Target } from '../../target.ts';
import type { TreeNode } from './tree-node.ts';

/** The last row of a list that goes on: a click shows the next page. */
export class LoadMoreNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly loadMore: () => void;

  constructor(parentId: string, target: Target, loadMore: () => void) {
    this.id = `${parentId}/more`;
    this.target = target;
    this.loadMore = loadMore;
  }

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(l10n.t('Load more…'));
    item.iconPath = new vscode.ThemeIcon('ellipsis');
    item.contextValue = 'more';
    item.command = { command: commands.loadMore, title: l10n.t('Load More'), arguments: [this] };
    return item;
  }
}
