import type { App } from '../../app.ts';
import { views } from '../../ids.ts';
import type { ProjectMirrorChange } from '../../project/projects.ts';
import { say } from '../../wording/language.ts';
import { longestList } from '../shared/page-size.ts';
import { hasWords } from '../shared/view-filters.ts';
import type { Project } from '../../project/project.ts';
import { openTreeView } from '../shared/open-tree-view.ts';
import type { OpenTreeView } from '../shared/open-view.ts';
import { deadQueueNodeId, DeadQueueNode } from './dead-queue-node.ts';
import { countUnseen, type SeenCounts } from './unseen.ts';

const memoryKey = 'deadLetters.seen';

/** Dead letters by queue and by what they failed with; its badge counts those that came since it was last open. */
export function openDeadLettersView(app: App): OpenTreeView {
  const drawn = new Map<string, string>();
  const open = openTreeView(app, {
    id: views.deadLetters,
    rows: async (context, project) => {
      const names = await matchingQueues(project, context.filter());
      return project.mirror
        .queues()
        .filter(({ name, depth }) => depth.dead > 0 && names?.has(name) !== false)
        .map(({ name }) => new DeadQueueNode(context, project, name));
    },
    affected: (event) => affected(event, drawn),
  });
  const showBadge = (): void => {
    const before = app.memory.get<SeenCounts>(memoryKey) ?? {};
    const { unseen, seen } = countUnseen(deadCounts(app), before, open.view.visible);
    if (JSON.stringify(seen) !== JSON.stringify(before)) void app.memory.update(memoryKey, seen);
    open.view.badge = unseen === 0 ? undefined : { value: unseen, tooltip: say('{count, plural, =1 {One new dead letter} other {# new dead letters}}', { count: unseen }) };
  };
  app.subscriptions.push(
    open.view.onDidChangeVisibility(showBadge),
    app.projects.onDidChangeMirror(({ change }) => {
      if (change.all || change.queues.size > 0) showBadge();
    }),
  );
  return open;
}

/** Queues with a group that has the words; undefined where all are to be shown. */
async function matchingQueues({ daemon }: Project, words: string): Promise<ReadonlySet<string> | undefined> {
  if (words === '') return undefined;
  const groups = (await daemon?.call('dead/groups', { limit: longestList }))?.groups ?? [];
  return new Set(groups.filter(({ queue, group }) => hasWords(`${queue} ${group}`, words)).map(({ queue }) => queue));
}

/** How a queue is drawn that has none. */
const nothingDead = '';

/** Only queues whose dead letters have changed in number, or in their edits, are read again: the others change many times a second. */
function affected({ project, change }: ProjectMirrorChange, drawn: Map<string, string>): string[] | 'all' {
  const moved: string[] = [];
  let isOtherList = change.all || change.queueList;
  for (const name of change.all ? project.mirror.queues().map((queue) => queue.name) : change.queues) {
    const id = deadQueueNodeId(project.folder, name);
    const queue = project.mirror.queue(name);
    const dead = queue?.depth.dead ?? 0;
    const before = drawn.get(id) ?? nothingDead;
    // Also where an edit was saved, once more or dropped.
    const now = dead === 0 ? nothingDead : `${dead} ${queue?.drafts?.count ?? 0} ${queue?.drafts?.savedAt ?? ''}`;
    drawn.set(id, now);
    if (before !== now) moved.push(id);
    isOtherList ||= (before === nothingDead) !== (now === nothingDead);
  }
  return isOtherList ? 'all' : moved;
}

function deadCounts({ projects }: App): SeenCounts {
  return Object.fromEntries(projects.all.flatMap(({ folder, mirror }) => mirror.queues().map(({ name, depth }) => [`${folder} ${name}`, depth.dead])));
}
