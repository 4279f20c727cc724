import type * as vscode from 'vscode';
import type { Target } from '../../target.ts';

/** A row of a view. It says what it is about; what it shows, it reads when it is drawn. */
export interface TreeNode {
  /** Unique within the view and the same over refreshes, so that VS Code keeps expansion and selection. Begins with its parent's and a `/`. */
  readonly id: string;
  /** What commands that are called on it are about. */
  readonly target: Target;
  item(): vscode.TreeItem;
  children?(): Promise<readonly TreeNode[]>;
  /** Asked for when the mouse rests on it. */
  tooltip?(): vscode.MarkdownString | undefined;
  /** Takes over what a newer node of the same id knows. */
  adopt?(newer: TreeNode): void;
}
