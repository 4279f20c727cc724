import { isJsonObject, type Json } from '../workflow/json.ts';

/** In `userFolder`: the projects of this user on this machine, `KnownProjects` as JSON. */
export const knownProjectsName = 'projects.json';
/** More are not kept: those that were used last stay. */
export const maxKnownProjects = 1000;

export interface KnownProject {
  /** Absolute. */
  readonly folder: string;
  /** ISO 8601; of the day that a client last had to do with its daemon, to within a day. */
  readonly usedAt: string;
}

export interface KnownProjects {
  readonly version: 1;
  /** The one that was used last comes first. */
  readonly projects: readonly KnownProject[];
}

export const noProjects: KnownProjects = { version: 1, projects: [] };

/** Undefined if the value isn't such a list. */
export function parseKnownProjects(value: unknown): KnownProjects | undefined {
  if (!isJsonObject(value) || value['version'] !== 1) return undefined;
  const { projects } = value;
  if (!Array.isArray(projects) || projects.length > maxKnownProjects) return undefined;
  const parsed = projects.map(parseProject);
  return parsed.every((project) => project !== undefined) ? { version: 1, projects: parsed } : undefined;
}

/** A project is used. The same list, if that says nothing new: it is told to within a day. `nowMs`: since the epoch. */
export function withProject(list: KnownProjects, folder: string, nowMs: number): KnownProjects {
  const known = list.projects.find((project) => project.folder === folder);
  if (known !== undefined && Math.abs(nowMs - Date.parse(known.usedAt)) < dayMs) return list;
  const others = list.projects.filter((project) => project !== known);
  return { version: 1, projects: [{ folder, usedAt: new Date(nowMs).toISOString() }, ...others].slice(0, maxKnownProjects) };
}

/** The same list, if none of them is in it. */
export function withoutProjects(list: KnownProjects, folders: ReadonlySet<string>): KnownProjects {
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
