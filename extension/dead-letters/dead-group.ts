import type { QuickPickItem } from 'vscode';
import { readDeadGroup } from '../../schemas/protocol/job.ts';
import { askProject } from '../ask/pickers.ts';
import type { Project } from '../project/project.ts';
import { readTarget, type Target } from '../base/target.ts';
import { oneLine } from '../wording/outside-text.ts';
import { say } from '../wording/language.ts';
import type { DeadSelection } from './dead-selection.ts';
import type { Asking } from '../ask/prompter.ts';

/** Dead letters that belong together: of a queue, of a run, or of a queue that failed alike. */
export interface DeadGroup {
  readonly project: Project;
  readonly selection: DeadSelection;
  /** For a person. */
  readonly name: string;
}

/** The group that a command is about: that of its argument, or the one that is chosen. */
export async function askDeadGroup(asking: Asking, argument: unknown, placeHolder: string): Promise<DeadGroup | undefined> {
  const project = await askProject(asking, argument);
  if (project === undefined) return undefined;
  const named = groupOf(project, readTarget(argument));
  if (named !== undefined) return named;
  const { groups } = await (await project.connection.ensure()).call('dead/groups', {});
  const queues = [...new Set(groups.map(({ queue }) => queue))].sort();
  const items: (QuickPickItem & { readonly target: Target })[] = queues.flatMap((queue) => {
    const ofQueue = groups.filter((group) => group.queue === queue);
    return [
      { label: `$(inbox) ${queue}`, description: say('all {count}', { count: project.mirror.queue(queue)?.depth.dead ?? sumOf(ofQueue) }), target: { folder: project.folder, queue } },
      ...ofQueue.map(({ group, title, count }) => ({
        label: `$(error) ${oneLine(title)}`,
        description: say('{count} of {queue}', { count, queue }),
        target: { folder: project.folder, queue, group },
      })),
    ];
  });
  const picked = await asking.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : groupOf(project, picked.target);
}

/** What rows are about: dead letters by themselves, and groups. Attempts, and rows that only say something, are none. */
export function deadGroupsOf({ projects }: Pick<Asking, 'projects'>, targets: readonly Target[]): readonly DeadGroup[] {
  const shared = targets.length === 1 ? undefined : say('the selection');
  return targets.flatMap((target) => {
    const project = projects.get(target.folder);
    if (project === undefined || target.attempt !== undefined) return [];
    const group = target.job === undefined ? groupOf(project, target) : { project, selection: { ids: [target.job] }, name: target.job };
    return group === undefined ? [] : [{ ...group, name: shared ?? group.name }];
  });
}

function groupOf(project: Project, target: Target | undefined): DeadGroup | undefined {
  const { queue, group, run, only } = target ?? {};
  if (queue !== undefined) {
    const name = group === undefined ? queue : say('{queue} with {title}', { queue, title: oneLine(readDeadGroup(group).title) });
    // As the view counts them: what its filter leaves out is left alone.
    return { project, selection: { queue, ...only, ...(group === undefined ? {} : { group }) }, name: only === undefined ? name : say('{name}, as filtered', { name }) };
  }
  return run === undefined ? undefined : { project, selection: { run }, name: run };
}

function sumOf(groups: readonly { readonly count: number }[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}
