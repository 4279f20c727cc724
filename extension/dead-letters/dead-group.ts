import type { QuickPickItem } from 'vscode';
import { readDeadGroup } from '../../schemas/protocol/job.ts';
import { askProject } from '../ask/pickers.ts';
import type { Project } from '../project/project.ts';
import { readTarget, type Target, readChosen } from '../base/target.ts';
import { oneLine } from '../wording/outside-text.ts';
import { say, projectCounts } from '../wording/language.ts';
import { type DeadSelection, collectDeadLetters } from './dead-selection.ts';
import type { Asking } from '../ask/prompter.ts';
import { jobDescription, jobName } from '../wording/job.ts';
import type { Daemon } from '../../client/daemon-client.ts';

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

/** The dead letters that are selected, a group for each project; none where a command was called for something else. */
export function chosenDeadLetters({ projects }: Pick<Asking, 'projects'>, argument: unknown, selected: unknown): readonly DeadGroup[] {
  const chosen = readChosen('job', argument, selected);
  const [first] = chosen;
  const name = chosen.length === 1 && first !== undefined ? first.id : say('the selection');
  return [...Map.groupBy(chosen, ({ folder }) => folder)].flatMap(([folder, ofProject]) => {
    const project = projects.get(folder);
    return project === undefined ? [] : [{ project, selection: { ids: ofProject.map(({ id }) => id) }, name }];
  });
}

/** The dead letters that a command is about: those that are selected, of whichever project, or those of one that a person ticks. */
export async function askDeadLetters(asking: Asking, argument: unknown, selected: unknown, placeHolder: string): Promise<readonly DeadGroup[] | undefined> {
  const chosen = chosenDeadLetters(asking, argument, selected);
  if (chosen.length > 0) return chosen;
  const project = await askProject(asking, argument);
  if (project === undefined) return undefined;
  const { jobs } = await (await project.connection.ensure()).call('dead/list', { limit: 500 });
  const items = jobs.map((job) => ({ label: jobName(job), description: `${job.queue} · ${jobDescription(job, Date.now(), { state: false })}`, job: job.id }));
  const ids = (await asking.ask.pickMany(items, { placeHolder }))?.map(({ job }) => job) ?? [];
  const [first] = ids;
  return first === undefined ? undefined : [{ project, selection: { ids }, name: ids.length === 1 ? first : say('the selection') }];
}

/** The dead letters of one project that are acted on. */
export interface DeadLetterBatch {
  readonly project: Project;
  readonly daemon: Daemon;
  /** At least one, each once, oldest first. */
  readonly ids: readonly string[];
  /** How many of them have an edit that was saved and not sent yet. */
  readonly edited: number;
}

/** Everything that is meant, before anything is done with it. Projects in which there is nothing are left out. */
export interface DeadLots {
  readonly lots: readonly DeadLetterBatch[];
  readonly count: number;
  readonly edited: number;
  /** For a person, with the counts of the projects where they are several. */
  readonly name: string;
}

/** One lot for each project, whatever overlaps. @throws CodedError where a daemon can't be had; nothing has been done then */
export async function collectLots(groups: readonly DeadGroup[]): Promise<DeadLots> {
  const lots: DeadLetterBatch[] = [];
  for (const [project, ofProject] of Map.groupBy(groups, (group) => group.project)) {
    const daemon = await project.connection.ensure();
    const edits = new Map<string, boolean>();
    for (const { selection } of ofProject) for (const { id, edited } of await collectDeadLetters(daemon, selection)) edits.set(id, edited);
    const ids = [...edits.keys()].sort((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
    if (ids.length > 0) lots.push({ project, daemon, ids, edited: [...edits.values()].filter(Boolean).length });
  }
  const counts = projectCounts(lots.map(({ project, ids }) => ({ name: project.name, count: ids.length })));
  const name = groups[0]?.name ?? '';
  return {
    lots,
    count: lots.reduce((sum, { ids }) => sum + ids.length, 0),
    edited: lots.reduce((sum, { edited }) => sum + edited, 0),
    name: counts === undefined ? name : `${name} (${counts})`,
  };
}
