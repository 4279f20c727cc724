import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import { listProjectFiles, type ProjectText, readProjectTexts } from '../../../platform/project-reader.ts';
import { readRegularFile } from '../../../platform/regular-file.ts';
import { LanguageProject } from '../../../schemas/language/language-project.ts';

/** A text that an editor holds open, which wins over the file's. */
export interface OpenText {
  readonly uri: string;
  readonly text: string;
}

/**
 * A project some of whose files are open: the texts on disk under those in the editor. Files are read when somebody asks after
 * {@link invalidateFiles} was called, and analysed when somebody asks after a text has changed.
 */
export class OpenProject {
  /** Absolute. */
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #knownSecrets: () => readonly string[];
  readonly #open = new Map<string, OpenText>();
  #onDisk: ReadonlyMap<string, ProjectText> = new Map();
  #language: LanguageProject | undefined;
  /** What {@link #language} was made of, by path. */
  #shown: ReadonlyMap<string, string> = new Map();
  #reading: Promise<void> | undefined;

  /** @param knownSecrets names of secrets beside those that are found here */
  constructor(folder: string, env: NodeJS.ProcessEnv, knownSecrets: () => readonly string[]) {
    this.folder = folder;
    this.#env = env;
    this.#knownSecrets = knownSecrets;
  }

  /** Paths that are open. */
  get openPaths(): readonly string[] {
    return [...this.#open.keys()];
  }

  show(file: string, text: OpenText): void {
    this.#open.set(file, text);
  }

  close(file: string): void {
    this.#open.delete(file);
  }

  /** Files, or the names of secrets, may have changed: they are read again when somebody asks. */
  invalidateFiles(): void {
    this.#reading = undefined;
  }

  /** Resolves when the files have been read. */
  async ready(): Promise<void> {
    const reading = (this.#reading ??= this.#read());
    await reading;
    // Somebody may have said meanwhile that they changed.
    if (this.#reading !== reading) await this.ready();
  }

  /** As it stands now; asked before it is {@link ready}, it knows the open texts only. */
  language(): LanguageProject {
    // What can't be read has nothing to show here: the daemon says why.
    const texts = new Map([...this.#onDisk].flatMap(([file, { text, problem }]) => (problem === undefined ? [[file, text] as const] : [])));
    for (const [file, { text }] of this.#open) texts.set(file, text);
    const before = this.#language;
    if (before === undefined) return this.#keep(texts, LanguageProject.of(filesOf(texts), { uriOf: (file) => this.uriOf(file) }));
    const gone = [...this.#shown.keys()].filter((file) => !texts.has(file));
    const changed = filesOf(texts).filter(({ path: file, text }) => this.#shown.get(file) !== text);
    if (gone.length === 0 && changed.length === 0) return before;
    const without = gone.reduce((project, file) => project.without(file), before);
    return this.#keep(texts, changed.length === 0 ? without : without.with(...changed));
  }

  uriOf(file: string): string {
    return this.#open.get(file)?.uri ?? pathToFileURL(path.join(this.folder, file)).href;
  }

  #keep(texts: ReadonlyMap<string, string>, language: LanguageProject): LanguageProject {
    this.#shown = texts;
    this.#language = language;
    return language;
  }

  async #readTexts(): Promise<ReadonlyMap<string, ProjectText>> {
    const { files } = await listProjectFiles(this.folder);
    return readProjectTexts(this.folder, files.map(({ file }) => file), this.#onDisk);
  }

  async #read(): Promise<void> {
    const [onDisk, found] = await Promise.all([this.#readTexts(), readSecretNames(this.folder, this.#env)]);
    this.#onDisk = onDisk;
    const secrets = [...new Set([...found, ...this.#knownSecrets()])].sort();
    const language = this.language();
    if (language.secrets?.join() !== secrets.join()) this.#language = language.withSecrets(secrets);
  }
}

function filesOf(texts: ReadonlyMap<string, string>): { readonly path: string; readonly text: string }[] {
  return [...texts].map(([file, text]) => ({ path: file, text }));
}

const variablePrefix = 'SLUICE_SECRET_';
/** As of the daemon. */
const maxFileBytes = 1_048_576;

/** The names of the secrets that are set for a project, as the daemon would find them. Their values are dropped immediately. */
async function readSecretNames(projectFolder: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const read = await readRegularFile(path.join(projectFolder, '.sluice', 'state', 'secrets.env'), maxFileBytes);
  const file = read.ok ? read.content.toString('utf8') : '';
  const variables = Object.entries(env).filter(([name]) => name.startsWith(variablePrefix)).map(([name, value]) => [name.slice(variablePrefix.length), value] as const);
  return [...new Set([...variables, ...Object.entries(parseEnv(file))].flatMap(([name, value]) => (value === undefined || value === '' ? [] : [name])))].sort();
}
