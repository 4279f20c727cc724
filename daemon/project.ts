import { stat } from 'node:fs/promises';
import path from 'node:path';
import { diagnosticViews } from '../schemas/protocol/diagnostic-view.ts';
import { CodedError } from '../schemas/protocol/error.ts';
import type { DiagnosticView } from '../schemas/protocol/method.ts';
import { analyseFiles, type AnalysedFiles } from '../schemas/workflow/analysis/analyse-files.ts';
import { joinFiles, unreadableFile, type ProjectAnalysis } from '../schemas/workflow/analysis/analyse-project.ts';
import { queueDeclarations, type QueueDeclarations } from '../schemas/workflow/analysis/queue-declarations.ts';
import type { ProjectConfig } from '../schemas/workflow/model.ts';
import type { EngineSettings } from './engine/engine-settings.ts';
import { isOwnFolder, listProjectFiles, readProjectText, shownFolder } from './project-folder.ts';
import type { SecretSource } from './secrets/secret-source.ts';

const configFile = /^\.sluice\/config\.ya?ml$/;
const connectionsFile = /^\.sluice\/connections\.ya?ml$/;

export interface ProjectOptions {
  /** Absolute. */
  readonly folder: string;
  readonly secrets: SecretSource;
  readonly env: NodeJS.ProcessEnv;
}

interface ReadFileState {
  readonly text: string;
  /** Why there is no text. */
  readonly problem?: string;
  /** Changes whenever the file does. */
  readonly stamp: string;
}

/**
 * The project's files, understood. They are looked at again whenever somebody asks, by their times and sizes, so that what
 * was saved a moment ago is what runs; nothing depends on file events, which some file systems don't send.
 *
 * A look that fails is not an empty folder: what was there at the last one that succeeded counts as there.
 */
export class Project {
  readonly #options: ProjectOptions;
  #files = new Map<string, ReadFileState>();
  #failed: ReadonlyMap<string, string> = new Map();
  #analysed: AnalysedFiles = analyseFiles([]);
  #analysis: ProjectAnalysis = joinFiles(this.#analysed);
  #declared: QueueDeclarations = queueDeclarations(this.#analysed, this.#analysis.diagnostics);
  #secretNames = '';
  /** As last read without an error: a file that is being edited, or is gone for a moment, lifts no limit, and takes no server away. */
  #config = this.#analysis.config;
  #connections = this.#analysis.connections;
  #refreshing: Promise<boolean> | undefined;

  constructor(options: ProjectOptions) {
    this.#options = options;
  }

  get config(): ProjectConfig {
    return this.#config;
  }

  get analysis(): ProjectAnalysis {
    return this.#analysis;
  }

  /** Project-relative paths of all files, with their texts. */
  get texts(): ReadonlyMap<string, string> {
    return new Map([...this.#files].map(([file, { text }]) => [file, text]));
  }

  /** Folders that could not be read at the last look, and why, as the rest of a sentence that begins with the folder's name. */
  get failedLooks(): ReadonlyMap<string, string> {
    return this.#failed;
  }

  /** The file that declares a queue. */
  fileOfQueue(name: string): string | undefined {
    return this.#declared.valid.get(name)?.file;
  }

  /** Looks at the files again. Resolves to whether anything has changed. */
  refresh(): Promise<boolean> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  settings(): EngineSettings {
    const config = this.#config;
    const env = Object.fromEntries(
      config.env.flatMap((name) => {
        const value = this.#options.env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const declared = this.#declared;
    const unknown = [...[...this.#failed.keys()].map(shownFolder), ...declared.unread];
    return {
      queues: [...declared.valid.values()].map(({ definition }) => definition),
      doubtful: [...declared.doubtful.values()].map(({ strictest }) => strictest),
      whyUndeclared: (name) => {
        const doubtful = declared.doubtful.get(name);
        if (doubtful !== undefined) return { reason: doubtful.reason, files: [...doubtful.files] };
        return { reason: unknown.length > 0 ? 'broken' : 'gone', files: unknown };
      },
      connections: this.#connections,
      config,
      env,
    };
  }

  diagnostics(): readonly DiagnosticView[] {
    const folders = [...this.#failed].flatMap(([folder, problem]) => diagnosticViews(shownFolder(folder), '', [unreadableFile(shownFolder(folder), problem)]));
    return [...folders, ...[...this.#analysis.diagnostics].flatMap(([file, diagnostics]) => diagnosticViews(file, this.#files.get(file)?.text ?? '', diagnostics))];
  }

  async #refresh(): Promise<boolean> {
    const { files: listed, failed } = await this.#list();
    const files = new Map<string, ReadFileState>();
    for (const { file, state } of await Promise.all(listed.map(async (file) => ({ file, state: await this.#read(file) })))) {
      if (state !== undefined) files.set(file, state);
    }
    const names = this.#options.secrets.names();
    const same =
      files.size === this.#files.size &&
      names.join() === this.#secretNames &&
      [...failed.keys()].join() === [...this.#failed.keys()].join() &&
      [...files].every(([file, { stamp }]) => this.#files.get(file)?.stamp === stamp);
    if (same) return false;
    this.#files = files;
    this.#failed = failed;
    this.#secretNames = names.join();
    this.#analysed = analyseFiles(
      [...files].map(([path, { text, problem }]) => ({ path, text, problem })),
      { secrets: names },
      this.#analysed,
    );
    this.#analysis = joinFiles(this.#analysed);
    this.#declared = queueDeclarations(this.#analysed, this.#analysis.diagnostics);
    const { config, connections } = this.#analysis;
    if (this.#isWhole(configFile)) this.#config = config;
    if (this.#isWhole(connectionsFile) || this.#connections.size === 0) this.#connections = connections;
    return true;
  }

  /** @throws CodedError `bad-project` where `config.yaml` has errors */
  refuseBrokenConfig(): void {
    const error = this.diagnostics().find(({ file, severity }) => configFile.test(file) && severity === 'error');
    if (error === undefined) return;
    throw new CodedError('bad-project', `${error.file}:${error.line}:${error.column}: ${error.message} Until that is mended, the daemon doesn't start.`);
  }

  /** Whether such a file is there and has no error. */
  #isWhole(pattern: RegExp): boolean {
    const found = [...this.#analysis.diagnostics].filter(([file]) => pattern.test(file));
    return found.length > 0 && found.every(([, diagnostics]) => diagnostics.every(({ severity }) => severity !== 'error'));
  }

  async #list(): Promise<{ readonly files: readonly string[]; readonly failed: ReadonlyMap<string, string> }> {
    const { files, failed } = await listProjectFiles(this.#options.folder);
    const found = files.map(({ file }) => file);
    const hidden = [...this.#files.keys()].filter((file) => [...failed.keys()].some((folder) => isBelow(file, folder)));
    // A folder of somebody else's, such as the data of a database in a container, is no fault of the project.
    const relevant = [...failed].filter(([folder]) => isOwnFolder(folder) || hidden.some((file) => isBelow(file, folder)));
    return { files: [...new Set([...found, ...hidden])].sort(), failed: new Map(relevant) };
  }

  async #read(file: string): Promise<ReadFileState | undefined> {
    const place = path.join(this.#options.folder, file);
    const stats = await stat(place).catch(() => undefined);
    const stamp = stats === undefined ? undefined : `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
    const known = this.#files.get(file);
    if (stamp !== undefined && known?.stamp === stamp) return known;
    const read = await readProjectText(place);
    if (read.ok) return { text: read.text, stamp: stamp ?? '' };
    // It went away between the listing and the reading.
    return read.kind === 'missing' ? undefined : { text: '', problem: read.problem, stamp: `${stamp ?? ''} ${read.problem}` };
  }
}

function isBelow(file: string, folder: string): boolean {
  return folder === '' || file.startsWith(`${folder}/`);
}
