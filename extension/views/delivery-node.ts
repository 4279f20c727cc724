import * as vscode from 'vscode';
import { commands } from '../base/ids.ts';
import type { Target } from '../base/target.ts';
import type { Project } from '../project/project.ts';
import type { DeliverySummary } from '../../schemas/protocol/delivery.ts';
import { deliveryDescription, deliveryFacts, deliveryLabel, lookOfDelivery } from '../wording/delivery.ts';
import { ageAt, say } from '../wording/language.ts';
import { factTable } from './fact-table.ts';
import { LoadMoreNode, longestList, MessageNode, nextLimit, pageSize, type TreeContext, type TreeNode } from './tree-node.ts';

/** Of the row below the workflow with the row `parentId`. */
export function deliveriesNodeId(parentId: string): string {
  return `${parentId}/deliveries`;
}

/** What the webhook of a workflow has received, newest first, by pages. */
export class DeliveriesNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  readonly #project: Project;
  #path: string;
  #limit = pageSize;

  constructor(context: TreeContext, project: Project, parentId: string, workflow: string, path: string) {
    this.id = deliveriesNodeId(parentId);
    this.target = { folder: project.folder, workflow };
    this.#context = context;
    this.#project = project;
    this.#path = path;
  }

  item(): vscode.TreeItem {
    const item = new vscode.TreeItem(say('Deliveries'), vscode.TreeItemCollapsibleState.Collapsed);
    item.iconPath = new vscode.ThemeIcon('inbox');
    item.contextValue = 'deliveries';
    item.accessibilityInformation = { label: say('webhooks that {workflow} has received', { workflow: this.target.workflow ?? '' }) };
    return item;
  }

  async children(): Promise<readonly TreeNode[]> {
    const { daemon } = this.#project;
    const { folder, workflow = '' } = this.target;
    if (daemon === undefined) return [new MessageNode(this.id, this.target, say("The project's daemon is not connected."), 'info')];
    const { deliveries, next } = await daemon.call('delivery/list', { workflow, limit: this.#limit });
    if (deliveries.length === 0) return [new MessageNode(this.id, this.target, say('Nothing has been received yet'), 'info')];
    const rows: TreeNode[] = deliveries.map((delivery) => new DeliveryNode(this.#context, this.id, folder, delivery));
    if (next !== undefined && this.#limit < longestList) {
      rows.push(
        new LoadMoreNode(this.id, this.target, () => {
          this.#limit = nextLimit(this.#limit);
          this.#context.refresh([this.id]);
        }),
      );
    }
    return rows;
  }

  tooltip(): vscode.MarkdownString {
    const { url, problem } = this.#project.mirror.status?.webhooks ?? {};
    return factTable(say('Deliveries'), [[say('Address'), `${url ?? '/hooks/'}${this.#path}`], ...(problem === undefined ? [] : [[say('Problem'), problem] as const])]);
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof DeliveriesNode) this.#path = newer.#path;
  }
}

class DeliveryNode implements TreeNode {
  readonly id: string;
  readonly target: Target;
  readonly #context: TreeContext;
  #delivery: DeliverySummary;

  constructor(context: TreeContext, parentId: string, folder: string, delivery: DeliverySummary) {
    const { id, workflow, run } = delivery;
    this.id = `${parentId}/${id}`;
    this.target = { folder, delivery: id, workflow, ...(run === undefined ? {} : { run }) };
    this.#context = context;
    this.#delivery = delivery;
  }

  item(): vscode.TreeItem {
    const delivery = this.#delivery;
    const now = this.#context.now();
    const { icon, color } = lookOfDelivery(delivery.outcome);
    const item = new vscode.TreeItem(delivery.id);
    item.description = deliveryDescription(delivery, now);
    item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
    item.contextValue = `delivery ${delivery.outcome}${delivery.run === undefined ? '' : ' withRun'}`;
    item.accessibilityInformation = { label: deliveryLabel(delivery, now) };
    item.command = { command: commands.openDelivery, title: say('Open Delivery'), arguments: [this.target] };
    return item;
  }

  tooltip(): vscode.MarkdownString {
    return factTable(this.#delivery.id, deliveryFacts(this.#delivery, ageAt(this.#context.now())));
  }

  adopt(newer: TreeNode): void {
    if (newer instanceof DeliveryNode) this.#delivery = newer.#delivery;
  }
}
