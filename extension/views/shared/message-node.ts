import * as vscode from 'vscode';
import type { Target } from '../../target.ts';
import { oneLine } from '../../wording/outside-text.ts';
import type { TreeNode } from './tree-node.ts';

/** A row that says why there are no others. */
export class MessageNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #message: string;
  readonly #icon: string;

  constructor(parentId: string, target: Target, message: string, icon = 'warning') {
    this.id = `${parentId}/message ${message}`;
    this.target = target;
    this.#message = message;
    this.#icon = icon;
  }

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(oneLine(this.#message));
    item.iconPath = new vscode.ThemeIcon(this.#icon);
    item.tooltip = this.#message;
    item.contextValue = 'message';
    return item;
  }
}
