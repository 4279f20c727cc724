import * as vscode from 'vscode';
import type { Log } from '../base/log.ts';
import { MessageNode, type TreeNode } from './tree-node.ts';
import { messageOf } from '../wording/client-fault-text.ts';

export interface TreeOptions {
  readonly roots: () => Promise<readonly TreeNode[]>;
  /** The project's daemon is being looked for: what is below its rows stays as it was shown last. */
  readonly isHeld: (folder: string) => boolean;
  readonly log: Log;
  /** A person has begun to read a tooltip. */
  readonly onRead?: () => void;
}

/** A row's looks as texts: what says how it stands, and the figures that move. */
interface Drawn {
  readonly state: string;
  readonly figures: string;
}

/**
 * Rows of one view by their ids. VS Code knows a row by the object it was given, so each row keeps its object for as long as it is
 * there; only rows that changed are drawn again, so that nothing flickers.
 */
export class Tree implements vscode.TreeDataProvider<TreeNode> {
  readonly #options: TreeOptions;
  readonly #known = new Map<string, TreeNode>();
  readonly #parents = new Map<string, TreeNode | undefined>();
  readonly #changed = new vscode.EventEmitter<TreeNode[] | undefined>();
  /** As last handed to VS Code. */
  readonly #drawn = new Map<string, Drawn>();
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(options: TreeOptions) {
    this.#options = options;
  }

  refreshAll(): void {
    this.#changed.fire(undefined);
  }

  /** Draws these rows again, and what is open below them; ids of rows that are not there are ignored. */
  refresh(ids: Iterable<string>): void {
    const nodes = [...ids].flatMap((id) => this.#known.get(id) ?? []);
    if (nodes.length > 0) this.#changed.fire(nodes);
  }

  /** What of a row reads differently than it was drawn: with its rows below, which follow it, where it is open. Undefined: nothing, or there is no such row. */
  news(id: string): 'state' | 'figures' | undefined {
    const node = this.#known.get(id);
    const before = this.#drawn.get(id);
    if (node === undefined) return undefined;
    // It is known, and not seen yet.
    if (before === undefined) return 'figures';
    const { state, figures } = drawn(node.item());
    if (state !== before.state) return 'state';
    return figures !== before.figures || this.#childrenOf(node).length > 0 ? 'figures' : undefined;
  }

  /** The last of the rows with these ids, each below the one before; loads what isn't loaded yet. */
  async follow(ids: readonly string[]): Promise<TreeNode | undefined> {
    let node: TreeNode | undefined;
    let rows = await this.getChildren();
    for (const [index, id] of ids.entries()) {
      const next = rows.find((row) => row.id === id);
      // A project has no row of its own where it is the only one.
      if (next === undefined) continue;
      node = next;
      if (index < ids.length - 1) rows = await this.getChildren(node);
    }
    return node;
  }

  find(id: string): TreeNode | undefined {
    return this.#known.get(id);
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const item = node.item();
    item.id = node.id;
    this.#drawn.set(node.id, drawn(item));
    return item;
  }

  async getChildren(parent?: TreeNode): Promise<TreeNode[]> {
    if (parent !== undefined && this.#options.isHeld(parent.target.folder)) return this.#childrenOf(parent);
    let nodes: readonly TreeNode[];
    try {
      nodes = parent === undefined ? await this.#options.roots() : ((await parent.children?.()) ?? []);
    } catch (error) {
      this.#options.log.warn(`rows below ${parent?.id ?? 'the root'}: ${messageOf(error)}`);
      nodes = [new MessageNode(parent?.id ?? '', parent?.target ?? { folder: '' }, messageOf(error))];
    }
    return this.#keep(parent, nodes);
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return this.#parents.get(node.id);
  }

  resolveTreeItem(item: vscode.TreeItem, node: TreeNode): vscode.TreeItem {
    this.#options.onRead?.();
    const tooltip = node.tooltip?.();
    if (tooltip !== undefined) item.tooltip = tooltip;
    return item;
  }

  #keep(parent: TreeNode | undefined, nodes: readonly TreeNode[]): TreeNode[] {
    const ids = new Set(nodes.map(({ id }) => id));
    for (const [id, itsParent] of [...this.#parents]) {
      if (itsParent === parent && !ids.has(id)) this.#forget(id);
    }
    return nodes.map((node) => {
      const known = this.#known.get(node.id);
      if (known !== undefined) {
        known.adopt?.(node);
        return known;
      }
      this.#known.set(node.id, node);
      this.#parents.set(node.id, parent);
      return node;
    });
  }

  #childrenOf(parent: TreeNode): TreeNode[] {
    return [...this.#parents].flatMap(([id, itsParent]) => (itsParent === parent ? (this.#known.get(id) ?? []) : []));
  }

  #forget(id: string): void {
    for (const known of [...this.#known.keys()]) {
      if (known !== id && !known.startsWith(`${id}/`)) continue;
      this.#known.delete(known);
      this.#drawn.delete(known);
      this.#parents.delete(known);
    }
  }
}

function drawn({ label, description, iconPath, contextValue, collapsibleState }: vscode.TreeItem): Drawn {
  const icon = iconPath instanceof vscode.ThemeIcon ? `${iconPath.id} ${iconPath.color?.id ?? ''}` : '';
  // An icon may turn with each job; what can be done with a row doesn't.
  return { state: JSON.stringify([label, contextValue, collapsibleState]), figures: `${icon} ${String(description)}` };
}
