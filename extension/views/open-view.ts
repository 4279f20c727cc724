import type { TreeNode } from './tree-node.ts';
import type { Tree } from './tree.ts';
import * as vscode from 'vscode';

export interface OpenTreeView {
  readonly tree: Tree;
  readonly view: vscode.TreeView<TreeNode>;
  readonly selected: SelectedRows;
  /** Opens the view, and selects the row that these ids lead to, from the top down; ids of rows that are not there are passed over. */
  readonly reveal: (ids: readonly string[]) => Promise<string | undefined>;
}

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

/** How long VS Code may take to tell of a selection, in milliseconds. */
const toldWithinMs = 500;

/**
 * The rows that a key is about: those that are selected, unless the row with the focus is not one of them; then that row alone. VS Code tells
 * extensions which rows are selected, and not which one has the focus, so the focused one is put into the selection and out of it again: what
 * changes by that is the focused row. Nothing is opened by it.
 */
export async function focusedRows(view: Pick<OpenTreeView, 'view' | 'selected'>): Promise<readonly TreeNode[]> {
  const before = view.selected.rows;
  const after = await toggled(view);
  const added = after.filter((node) => !before.includes(node));
  await toggled(view);
  return added.length > 0 ? added : before;
}

async function toggled({ view, selected }: Pick<OpenTreeView, 'view' | 'selected'>): Promise<readonly TreeNode[]> {
  const told = Promise.withResolvers<undefined>();
  const listening = view.onDidChangeSelection(() => told.resolve(undefined));
  const timer = setTimeout(() => told.resolve(undefined), toldWithinMs);
  try {
    await vscode.commands.executeCommand('list.toggleSelection');
    await told.promise;
    return selected.rows;
  } finally {
    clearTimeout(timer);
    listening.dispose();
  }
}
