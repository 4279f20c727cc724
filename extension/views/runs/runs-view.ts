import type { App } from '../../app.ts';
import { views } from '../../ids.ts';
import type { Project } from '../../project/project.ts';
import { DraftChanges } from '../shared/draft-changes.ts';
import { openTreeView } from '../shared/open-tree-view.ts';
import type { OpenTreeView } from '../shared/open-view.ts';
import { runNodeId } from './run-node.ts';
import { RunList } from './run-list.ts';

/** Runs, their steps, the jobs of each, and the attempts at each job. */
export function openRunsView(app: App): OpenTreeView {
  const drafts = new DraftChanges();
  const lists = new WeakMap<Project, RunList>();
  const open: OpenTreeView = openTreeView(app, {
    id: views.runs,
    rows: async (context, project) => {
      const list = lists.get(project) ?? new RunList(project, () => open.tree.refreshAll());
      lists.set(project, list);
      return list.nodes(context);
    },
    affected: ({ project, change }) => (drafts.take({ project, change }) || change.all || change.runList ? 'all' : [...change.runs].map((id) => runNodeId(project.folder, id))),
  });
  return open;
}
