import * as vscode from 'vscode';
import type { OpenTreeView } from './open-view.ts';
import type { TreeNode } from './tree-node.ts';

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
