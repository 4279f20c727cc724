import type * as vscode from 'vscode';
import type { TreeNode } from './tree-node.ts';

/**
 * The rows that are selected in a view. While VS Code draws rows again it has forgotten them: `TreeView.selection` leaves them out, in its event too, and
 * nothing is told once they are known again. So every look at it since the last event adds to what is known of the selection.
 */
export class SelectedRows {
  readonly #view: Pick<vscode.TreeView<TreeNode>, 'selection'>;
  readonly #find: (id: string) => TreeNode | undefined;
  readonly #ids = new Set<string>();

  /** `find`: a row by its id, as long as it is there. */
  constructor(view: Pick<vscode.TreeView<TreeNode>, 'selection' | 'onDidChangeSelection'>, find: (id: string) => TreeNode | undefined) {
    this.#view = view;
    this.#find = find;
    view.onDidChangeSelection(() => {
      this.#ids.clear();
      this.#look();
    });
  }

  get rows(): readonly TreeNode[] {
    this.#look();
    return [...this.#ids].flatMap((id) => this.#find(id) ?? []);
  }

  has(id: string): boolean {
    return this.rows.some((row) => row.id === id);
  }

  #look(): void {
    for (const { id } of this.#view.selection) this.#ids.add(id);
  }
}
