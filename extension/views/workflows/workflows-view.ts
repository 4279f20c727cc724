import type { App } from '../../app.ts';
import { views } from '../../ids.ts';
import { openTreeView } from '../shared/open-tree-view.ts';
import type { OpenTreeView } from '../shared/open-view.ts';
import { findWorkflowFiles } from './workflow-files.ts';
import { workflowNodeId, WorkflowNode } from './workflow-node.ts';

/** Workflows, with their last results. They can be looked at without a daemon too. */
export function openWorkflowsView(app: App): OpenTreeView {
  const open = openTreeView(app, {
    id: views.workflows,
    rows: async (context, project) => {
      const workflows = (await project.daemon?.call('workflow/list', {}))?.workflows ?? (await findWorkflowFiles(project));
      return workflows.map((workflow) => new WorkflowNode(context, project, workflow));
    },
    affected: ({ project, change }) => {
      if (change.all) return 'all';
      const workflows = new Set([...change.runs].flatMap((id) => project.mirror.run(id)?.workflow ?? []));
      return [...workflows].map((workflow) => workflowNodeId(project.folder, workflow));
    },
  });
  app.subscriptions.push(app.projects.onDidChangeFiles(() => open.tree.refreshAll()));
  return open;
}
