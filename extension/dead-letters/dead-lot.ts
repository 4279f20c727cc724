import type { Daemon } from '../connection/daemon-client.ts';
import type { Project } from '../project/project.ts';
import { projectCounts } from '../wording/project-counts.ts';
import type { DeadGroup } from './dead-group.ts';
import { collectDeadLetters, type DeadSelection } from './dead-selection.ts';

/** The dead letters of one project that are acted on. */
export interface DeadLot {
  readonly project: Project;
  readonly daemon: Daemon;
  readonly selection: DeadSelection;
  /** At least one, oldest first. */
  readonly ids: readonly string[];
}

/** Everything that is meant, before anything is done with it. Projects in which there is nothing are left out. */
export interface DeadLots {
  readonly lots: readonly DeadLot[];
  readonly count: number;
  /** For a person, with the counts of the projects where they are several. */
  readonly name: string;
}

/** @throws CodedError where a daemon can't be had; nothing has been done then */
export async function collectLots(groups: readonly DeadGroup[]): Promise<DeadLots> {
  const lots: DeadLot[] = [];
  for (const { project, selection } of groups) {
    const daemon = await project.connection.ensure();
    const ids = await collectDeadLetters(daemon, selection);
    if (ids.length > 0) lots.push({ project, daemon, selection, ids });
  }
  const counts = projectCounts(lots.map(({ project, ids }) => ({ name: project.name, count: ids.length })));
  const name = groups[0]?.name ?? '';
  return { lots, count: lots.reduce((sum, { ids }) => sum + ids.length, 0), name: counts === undefined ? name : `${name} (${counts})` };
}
