import { homedir } from 'node:os';
import path from 'node:path';
import { knownProjectsName, noProjects, parseKnownProjects, withoutProjects, withProject, type KnownProject, type KnownProjects } from '../schemas/protocol/known-projects.ts';
import { userFolder } from '../schemas/protocol/owner-mark.ts';
import { DocumentFile } from './document-file.ts';

/** The projects of this user on this machine: those whose daemon a client has had to do with. A folder may be gone by now. */
export class ProjectList {
  readonly #file: DocumentFile<KnownProjects>;

  constructor(env: NodeJS.ProcessEnv = process.env) {
    const file = path.resolve(userFolder({ env, platform: process.platform, home: homedir() }), knownProjectsName);
    this.#file = new DocumentFile({ file, parse: parseKnownProjects, empty: noProjects });
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
