import type { App } from '../../app.ts';
import type { Project } from '../../project/project.ts';
import { views } from '../../ids.ts';
import { openTreeView } from '../shared/open-tree-view.ts';
import type { OpenTreeView } from '../shared/open-view.ts';
import { hasWords } from '../shared/view-filters.ts';
import { lastStopPart } from '../../wording/daemon.ts';
import { queueDescription } from '../../wording/queue.ts';
import { queueNodeId, QueueNode } from './queue-node.ts';

/** Queues, their states, and the jobs in each. */
export function openQueuesView(app: App): OpenTreeView {
  return openTreeView(app, {
    id: views.queues,
    rows: async (context, project) =>
      project.mirror
        .queues()
        .filter((queue) => hasWords(`${queue.name} ${queueDescription(queue, context.now())}`, context.filter()))
        .map(({ name }) => new QueueNode(context, project, name)),
    note: leftWaiting,
    affected: ({ project, change }) => (change.all || change.queueList ? 'all' : [...change.queues].map((name) => queueNodeId(project.folder, name))),
  });
}

/** With the daemon stopped there are no rows, and a welcome text with a way to start it. Of several projects, each row says it. */
function leftWaiting([only, ...others]: readonly Project[]): string | undefined {
  const state = only?.connection.state;
  return others.length === 0 && state?.kind === 'stopped' && state.left !== undefined ? lastStopPart(state.left) : undefined;
}
