import path from 'node:path';
import { homedir } from 'node:os';
import PQueue from 'p-queue';
import { type KnownProject, type KnownProjects, knownProjectsName, noProjects, parseKnownProjects, withoutProjects, withProject } from '../schemas/protocol/known-projects.ts';
import { userFolder } from '../schemas/protocol/owner-mark.ts';
import { DocumentFile } from './document-file.ts';
import { documentLockFile } from './document-lock.ts';
import { findDaemon } from './find-daemon.ts';
import { readLastStop } from './discovery.ts';
import { isProjectFolder } from './state-folder.ts';

/** The projects of this user on this machine: those whose daemon a client has had to do with. A folder may be gone by now. */
export class ProjectList {
  readonly #file: DocumentFile<KnownProjects>;

  constructor(env: NodeJS.ProcessEnv = process.env) {
    const file = path.resolve(userFolder({ env, platform: process.platform, home: homedir() }), knownProjectsName);
    this.#file = new DocumentFile({ file, parse: parseKnownProjects, empty: noProjects, lockFile: documentLockFile(env) });
  }

  /** The one that was used last comes first. @throws the error of the file system */
  async all(): Promise<readonly KnownProject[]> {
    return (await this.#file.read()).projects;
  }

  /** Written at most once a day for each project. `folder`: absolute. Never rejects: it is only a list. */
  async remember(folder: string, nowMs: number = Date.now()): Promise<void> {
    await this.#file.update((list) => withProject(list, folder, nowMs)).catch(() => undefined);
  }

  /** @throws the error of the file system */
  async forget(folders: Iterable<string>): Promise<void> {
    const forgotten = new Set(folders);
    await this.#file.update((list) => withoutProjects(list, forgotten));
  }
}

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
