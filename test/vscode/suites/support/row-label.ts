import type * as vscode from 'vscode';
import type { TreeNode } from '../../../../extension/views/tree-node.ts';

/** What a row of a view is called. */
export function labelOf(row: TreeNode | undefined): string {
  const label: string | vscode.TreeItemLabel | undefined = row?.item().label;
  return typeof label === 'string' ? label : (label?.label ?? '');
}
