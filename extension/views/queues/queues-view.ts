import type { App } from '../../app.ts';
import { views } from '../../ids.ts';
import { openTreeView } from '../shared/open-tree-view.ts';
import type { OpenTreeView } from '../shared/open-view.ts';
import { hasWords } from '../shared/view-filters.ts';
import { queueDescription } from '../../wording/queue-words.ts';
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
    affected: ({ project, change }) => (change.all || change.queueList ? 'all' : [...change.queues].map((name) => queueNodeId(project.folder, name))),
  });
}
