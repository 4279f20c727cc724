import type * as vscode from 'vscode';
import type { SelectedRows } from './selected-rows.ts';
import type { TreeNode } from './tree-node.ts';
import type { Tree } from './tree.ts';

export interface OpenTreeView {
  readonly tree: Tree;
  readonly view: vscode.TreeView<TreeNode>;
  readonly selected: SelectedRows;
  /** Opens the view, and selects the row that these ids lead to, from the top down; ids of rows that are not there are passed over. */
  readonly reveal: (ids: readonly string[]) => Promise<string | undefined>;
}
