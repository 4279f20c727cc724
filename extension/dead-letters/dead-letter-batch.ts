import type { Daemon } from '../../client/daemon-client.ts';
import type { Project } from '../project/project.ts';
import { projectCounts } from '../wording/language.ts';
import type { DeadGroup } from './dead-group.ts';
import { collectDeadLetters } from './dead-selection.ts';

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
