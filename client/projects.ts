import path from 'node:path';
import { homedir } from 'node:os';
import PQueue from 'p-queue';
import { userFolder } from '../schemas/protocol/owner-mark.ts';
import { DocumentFile } from './document-file.ts';
import { documentLockFile } from './document-lock.ts';
import { findDaemon } from './find-daemon.ts';
import { readLastStop } from './discovery.ts';
import { isProjectFolder } from './state-folder.ts';
import { isJsonObject, type Json } from '../schemas/workflow/json.ts';

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

/** In `userFolder`: the projects of this user on this machine, `KnownProjects` as JSON. */
const knownProjectsName = 'projects.json';
/** More are not kept: those that were used last stay. */
export const maxKnownProjects = 1000;

interface KnownProject {
  /** Absolute. */
  readonly folder: string;
  /** ISO 8601; of the day that a client last had to do with its daemon, to within a day. */
  readonly usedAt: string;
}

interface KnownProjects {
  readonly version: 1;
  /** The one that was used last comes first. */
  readonly projects: readonly KnownProject[];
}

const noProjects: KnownProjects = { version: 1, projects: [] };

/** Undefined if the value isn't such a list. */
function parseKnownProjects(value: unknown): KnownProjects | undefined {
  if (!isJsonObject(value) || value['version'] !== 1) return undefined;
  const { projects } = value;
  if (!Array.isArray(projects) || projects.length > maxKnownProjects) return undefined;
  const parsed = projects.map(parseProject);
  return parsed.every((project) => project !== undefined) ? { version: 1, projects: parsed } : undefined;
}

/** A project is used. The same list, if that says nothing new: it is told to within a day. `nowMs`: since the epoch. */
function withProject(list: KnownProjects, folder: string, nowMs: number): KnownProjects {
  const known = list.projects.find((project) => project.folder === folder);
  if (known !== undefined && Math.abs(nowMs - Date.parse(known.usedAt)) < dayMs) return list;
  const others = list.projects.filter((project) => project !== known);
  return { version: 1, projects: [{ folder, usedAt: new Date(nowMs).toISOString() }, ...others].slice(0, maxKnownProjects) };
}

/** The same list, if none of them is in it. */
function withoutProjects(list: KnownProjects, folders: ReadonlySet<string>): KnownProjects {
  const projects = list.projects.filter(({ folder }) => !folders.has(folder));
  return projects.length === list.projects.length ? list : { version: 1, projects };
}

const dayMs = 24 * 3_600_000;

function parseProject(value: Json): KnownProject | undefined {
  if (!isJsonObject(value)) return undefined;
  const { folder, usedAt } = value;
  if (typeof folder !== 'string' || folder === '' || folder.length > 4096) return undefined;
  return typeof usedAt === 'string' && !Number.isNaN(Date.parse(usedAt)) ? { folder, usedAt } : undefined;
}
