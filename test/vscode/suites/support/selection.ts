import * as vscode from 'vscode';
import type { OpenTreeView } from '../../../../extension/views/open-view.ts';
import type { Listen } from './until.ts';

/** VS Code draws rows, of which nobody hears but who is asked for them; it knows them a moment later. */
export function draws({ tree }: Pick<OpenTreeView, 'tree'>): Listen {
  return (listener) => {
    const { getTreeItem } = tree;
    tree.getTreeItem = (node) => {
      setImmediate(listener);
      return getTreeItem.call(tree, node);
    };
    return { dispose: () => void (tree.getTreeItem = getTreeItem) };
  };
}

/** Other rows are selected, or are known again after they were drawn. */
export function selections(open: Pick<OpenTreeView, 'tree' | 'view'>): Listen {
  return (listener) => vscode.Disposable.from(open.view.onDidChangeSelection(listener), draws(open)(listener));
}
