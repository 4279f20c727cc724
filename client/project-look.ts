import PQueue from 'p-queue';
import type { KnownProject } from '../schemas/protocol/known-projects.ts';
import { findDaemon } from './find-daemon.ts';
import { readLastStop } from './last-stop.ts';
import { isProjectFolder } from './state-folder.ts';

/**
 * A project as it stands, without starting anything. `unreachable`: a process has it that doesn't answer. `gone`: there is no `.sluice/` in its
 * folder, or no such folder.
 */
export interface ProjectLook extends KnownProject {
  readonly daemon: 'running' | 'stopped' | 'unreachable' | 'gone';
  readonly pid?: number;
  readonly version?: string;
  /** Jobs that wait, are under way, or are dead letters. Of a stopped daemon: what it said at its end; undefined if nobody knows. */
  readonly waiting?: number;
  readonly active?: number;
  readonly dead?: number;
  /** ISO 8601: when the last daemon ended in good order. */
  readonly stoppedAt?: string;
}

/** How many daemons are asked at the same time. */
const asked = 20;

/** In the order of `projects`. Never rejects. */
export async function lookAtProjects(projects: readonly KnownProject[]): Promise<ProjectLook[]> {
  const queue = new PQueue({ concurrency: asked });
  return queue.addAll(projects.map((project) => () => lookAtProject(project)));
}

async function lookAtProject(project: KnownProject): Promise<ProjectLook> {
  const { folder } = project;
  if (!(await isProjectFolder(folder))) return { ...project, daemon: 'gone' };
  const found = await findDaemon(folder);
  if (found.kind === 'unreachable') return { ...project, daemon: 'unreachable' };
  if (found.kind === 'none') {
    const left = await readLastStop(folder);
    return { ...project, daemon: 'stopped', ...(left === undefined ? {} : { waiting: left.waiting, dead: left.dead, stoppedAt: left.at }) };
  }
  const { client, status } = found;
  await client.close();
  const total = { waiting: 0, active: 0, dead: 0 };
  for (const { depth } of status.queues) {
    total.waiting += depth.pending + depth.delayed;
    total.active += depth.active;
    total.dead += depth.dead;
  }
  return { ...project, daemon: 'running', pid: status.pid, version: status.version, ...total };
}
