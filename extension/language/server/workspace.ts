import path from 'node:path';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanguageProject } from '../../../schemas/language/language-project.ts';
import type { LanguageFile } from '../../../schemas/language/language-file.ts';
import { projectFileKind } from '../../../schemas/workflow/analysis/analyse-files.ts';
import type { KnownSecrets } from '../known-secrets.ts';
import { limits } from './limits.ts';
import { OpenProject } from './open-project.ts';
import { stat } from 'node:fs/promises';

/** A document as an editor shows it. */
export interface ShownDocument {
  readonly uri: string;
  readonly languageId: string;
  readonly version: number;
  readonly text: string;
}

/** A document, and what is known of the project that it belongs to. */
export interface Place {
  readonly project: LanguageProject;
  /** From the project's folder. */
  readonly path: string;
  readonly file: LanguageFile;
}

/** What diagnostics are made for at once: a project, or a document without one. */
export interface Unit {
  readonly id: string;
  /** Resolves to undefined when nothing of it is open. */
  readonly look: () => Promise<LanguageProject | undefined>;
}

/** A name that says what a file is, whatever language an editor takes it for. */
const workflowName = /\.sluice\.ya?ml$/i;

/** Where a document belongs. */
interface Home {
  readonly unit: Unit;
  readonly place: () => Promise<Place | undefined>;
  /** The document has a new text. */
  readonly update: () => void;
  readonly leave: () => void;
}

const languageId = 'sluice';

/**
 * Which document belongs to which project. A project is a folder with `.sluice/` in it, found upward from the file as the command does;
 * a document of ours that is in none is a workflow by itself, and what it says about other files is believed.
 */
export class Workspace {
  readonly #env: NodeJS.ProcessEnv;
  readonly #projects = new Map<string, OpenProject>();
  readonly #documents = new Map<string, ShownDocument>();
  /** What the editor has open, as URIs. */
  #opened: readonly string[] = [];
  /** Folders of the projects in there: they are looked at whether or not a file of theirs is open. */
  #pinned: ReadonlySet<string> = new Set();
  readonly #knownSecrets = new Map<string, readonly string[]>();
  readonly #homes = new Map<string, Promise<Home | undefined>>();

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** The document was opened, or has a new text. */
  async show(document: ShownDocument): Promise<Unit | undefined> {
    const isNew = !this.#documents.has(document.uri);
    this.#documents.set(document.uri, document);
    if (isNew) this.#homes.set(document.uri, this.#findHome(document));
    const home = await this.#homes.get(document.uri);
    home?.update();
    return home?.unit;
  }

  /** The document was closed: its file counts again. */
  async close(uri: string): Promise<Unit | undefined> {
    const home = await this.#homes.get(uri);
    this.#documents.delete(uri);
    this.#homes.delete(uri);
    home?.leave();
    return home?.unit;
  }

  /** Undefined if the document isn't open, or isn't ours. */
  async find(uri: string): Promise<Place | undefined> {
    return (await this.#homes.get(uri))?.place();
  }

  versionOf(uri: string): number | undefined {
    return this.#documents.get(uri)?.version;
  }

  /** The editor has these folders open, and no others. Returns the projects whose diagnostics come or go with that. */
  async openFolders(uris: readonly string[]): Promise<readonly Unit[]> {
    this.#opened = uris;
    return this.#pin();
  }

  async #pin(): Promise<readonly Unit[]> {
    const opened = this.#opened;
    const found = await Promise.all(opened.flatMap((uri) => filePathOf(uri) ?? []).map(projectAbove));
    // Others were opened meanwhile: that call is the one that counts.
    if (opened !== this.#opened) return [];
    const before = this.#pinned;
    this.#pinned = new Set(found.flatMap((folder) => folder ?? []));
    const changed = [...before, ...this.#pinned].filter((folder) => before.has(folder) !== this.#pinned.has(folder));
    return changed.map((folder) => {
      const project = this.#projectAt(folder);
      if (!this.#isLookedAt(project)) this.#projects.delete(folder);
      return this.#unitOf(project);
    });
  }

  /** Files of a folder have changed: those of its project are read again. Returns what is to be diagnosed again. */
  async filesChanged(uris: readonly string[]): Promise<readonly Unit[]> {
    const files = uris.flatMap((uri) => filePathOf(uri) ?? []);
    const touched = [...this.#projects.values()].filter(({ folder }) => files.some((file) => file.startsWith(folder + sep)));
    for (const project of touched) project.invalidateFiles();
    // A `.sluice/` may have come or gone, and with it a project, and the one that a document belongs to.
    const pinned = await this.#pin();
    const moved = await Promise.all([...this.#documents.values()].map(async (document) => this.#rehome(document)));
    return [...touched.map((project) => this.#unitOf(project)), ...pinned, ...moved.flatMap((unit) => unit ?? [])];
  }

  /** The editor knows of secrets that can't be found here. Returns what is to be diagnosed again. */
  secretsTold({ folder: uri, names }: KnownSecrets): Unit | undefined {
    const folder = filePathOf(uri);
    if (folder === undefined) return undefined;
    this.#knownSecrets.set(folder, names);
    const project = this.#projects.get(folder);
    project?.invalidateFiles();
    return project && this.#unitOf(project);
  }

  async #rehome(document: ShownDocument): Promise<Unit | undefined> {
    const before = await this.#homes.get(document.uri);
    const file = filePathOf(document.uri);
    const place = file === undefined ? undefined : await locate(file);
    if (file === undefined || before?.unit.id === (place?.folder ?? document.uri)) return undefined;
    before?.leave();
    this.#homes.set(document.uri, this.#findHome(document));
    return (await this.#homes.get(document.uri))?.unit;
  }

  async #findHome(document: ShownDocument): Promise<Home | undefined> {
    const file = filePathOf(document.uri);
    const place = file === undefined ? undefined : await locate(file);
    if (place !== undefined) return this.#inProject(document.uri, place);
    const isOurs = document.languageId === languageId || workflowName.test(document.uri.replace(/[?#].*$/s, ''));
    return isOurs ? this.#alone(document.uri) : undefined;
  }

  #inProject(uri: string, { folder, path }: ProjectPath): Home {
    const project = this.#projectAt(folder);
    // Not every editor tells of files that change while none of them is open.
    if (project.openPaths.length === 0) project.invalidateFiles();
    const update = (): void => {
      const text = this.#textOf(uri);
      if (text !== undefined) project.show(path, { uri, text });
    };
    update();
    return {
      unit: this.#unitOf(project),
      update,
      place: async () => {
        await project.ready();
        return placeIn(project.language(), path);
      },
      leave: () => {
        project.close(path);
        if (!this.#isLookedAt(project)) this.#projects.delete(folder);
      },
    };
  }

  #projectAt(folder: string): OpenProject {
    const project = this.#projects.get(folder) ?? new OpenProject(folder, this.#env, () => this.#knownSecrets.get(folder) ?? []);
    this.#projects.set(folder, project);
    return project;
  }

  #isLookedAt({ folder, openPaths }: OpenProject): boolean {
    return this.#pinned.has(folder) || openPaths.length > 0;
  }

  #unitOf(project: OpenProject): Unit {
    return {
      id: project.folder,
      look: async () => {
        await project.ready();
        return this.#isLookedAt(project) ? project.language() : undefined;
      },
    };
  }

  /** A document that is in no project: a new one, or one on something that isn't a disk. */
  #alone(uri: string): Home {
    const path = pathInside(uri);
    const kind = projectFileKind(path) ?? 'workflow';
    let project = LanguageProject.of([], { partial: true, uriOf: () => uri });
    const look = (): LanguageProject | undefined => {
      const text = this.#textOf(uri);
      if (text === undefined) return undefined;
      if (project.files.get(path)?.text !== text) project = project.with({ path, text, kind });
      return project;
    };
    return {
      unit: { id: uri, look: async () => look() },
      place: async () => {
        const language = look();
        return language && placeIn(language, path);
      },
      update: nothing,
      leave: nothing,
    };
  }

  #textOf(uri: string): string | undefined {
    const text = this.#documents.get(uri)?.text;
    return text === undefined || text.length > limits.textLength ? undefined : text;
  }
}

/** A document by itself is looked at when somebody asks, and nobody else knows of it. */
function nothing(): void {
  // On purpose.
}

function placeIn(project: LanguageProject, path: string): Place | undefined {
  const file = project.files.get(path);
  return file && { project, path, file };
}

function filePathOf(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    // Of another machine, say.
    return undefined;
  }
}

/** The path from a folder with `.sluice/` in it, where the address has one; else its last part. */
function pathInside(uri: string): string {
  const path = uri.replace(/[?#].*$/s, '');
  return /\.sluice\/[^/]+(\/[^/]+)?$/.exec(path)?.[0] ?? path.slice(path.lastIndexOf('/') + 1);
}

/** Where a file of a project lies. */
interface ProjectPath {
  /** The project's folder, absolute. */
  readonly folder: string;
  /** From there, with forward slashes. */
  readonly path: string;
}

/** The project that a file belongs to; undefined if it is none of a project's files. The file itself need not be there. */
async function locate(file: string): Promise<ProjectPath | undefined> {
  const [, folder, inside] = /^(.*)[\\/](\.sluice[\\/].*)$/s.exec(file) ?? [];
  if (folder !== undefined && inside !== undefined) return within(folder === '' ? path.parse(file).root : folder, file);
  const above = await projectAbove(path.dirname(file));
  return above === undefined ? undefined : within(above, file);
}

/** The project's folder that a folder is, or lies in. */
async function projectAbove(folder: string): Promise<string | undefined> {
  for (let above = folder; ; above = path.dirname(above)) {
    if (await isFolder(path.join(above, '.sluice'))) return above;
    if (path.dirname(above) === above) return undefined;
  }
}

function within(folder: string, file: string): ProjectPath | undefined {
  const inside = path.relative(folder, file).replaceAll(path.sep, '/');
  return projectFileKind(inside) === undefined ? undefined : { folder, path: inside };
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined))?.isDirectory() === true;
}
