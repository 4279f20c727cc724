import { stat } from 'node:fs/promises';
import { diagnosticViews } from '../schemas/protocol/diagnostic-view.ts';
import { CodedError } from '../schemas/protocol/error.ts';
import type { DiagnosticView } from '../schemas/protocol/method.ts';
import { analyseProject, type ProjectAnalysis } from '../schemas/workflow/analysis/analyse-project.ts';
import type { ProjectConfig, QueueDefinition } from '../schemas/workflow/model.ts';
import type { EngineSettings } from './engine/engine-settings.ts';
import { listProjectFiles, readProjectText } from './project-folder.ts';
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
 */
export class Project {
  readonly #options: ProjectOptions;
  #files = new Map<string, ReadFileState>();
  #analysis: ProjectAnalysis = analyseProject([]);
  #secretNames = '';
  #queues = new Map<string, { readonly definition: QueueDefinition; readonly file: string }>();
  /** As last read without an error: a file that is being edited lifts no limit, and takes no server away. */
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

  /** The file that declares a queue. */
  fileOfQueue(name: string): string | undefined {
    return this.#queues.get(name)?.file;
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
    return {
      queues: [...this.#queues.values()].map(({ definition }) => definition),
      keepUndeclared: this.#someBroken(/\.ya?ml$/),
      connections: this.#connections,
      config,
      env,
    };
  }

  diagnostics(): readonly DiagnosticView[] {
    return [...this.#analysis.diagnostics].flatMap(([file, diagnostics]) => diagnosticViews(file, this.#files.get(file)?.text ?? '', diagnostics));
  }

  async #refresh(): Promise<boolean> {
    const listed = await listProjectFiles(this.#options.folder);
    const files = new Map<string, ReadFileState>();
    for (const { file, state } of await Promise.all(listed.map(async ({ file, path }) => ({ file, state: await this.#read(file, path) })))) {
      if (state !== undefined) files.set(file, state);
    }
    const names = this.#options.secrets.names();
    const same =
      files.size === this.#files.size &&
      names.join() === this.#secretNames &&
      [...files].every(([file, { stamp }]) => this.#files.get(file)?.stamp === stamp);
    if (same) return false;
    this.#files = files;
    this.#secretNames = names.join();
    this.#analysis = analyseProject(
      [...files].map(([path, { text, problem }]) => ({ path, text, problem })),
      { secrets: names },
    );
    this.#declareQueues();
    const { config, connections } = this.#analysis;
    if (!this.#someBroken(configFile)) this.#config = config;
    if (!this.#someBroken(connectionsFile) || this.#connections.size === 0) this.#connections = connections;
    return true;
  }

  /** @throws CodedError `bad-project` where `config.yaml` has errors */
  refuseBrokenConfig(): void {
    const error = this.diagnostics().find(({ file, severity }) => configFile.test(file) && severity === 'error');
    if (error === undefined) return;
    throw new CodedError('bad-project', `${error.file}:${error.line}:${error.column}: ${error.message} Until that is mended, the daemon doesn't start.`);
  }

  #someBroken(files: RegExp): boolean {
    return [...this.#analysis.diagnostics].some(([file, found]) => files.test(file) && found.some(({ severity }) => severity === 'error'));
  }

  async #read(file: string, path: string): Promise<ReadFileState | undefined> {
    const stats = await stat(path).catch(() => undefined);
    const stamp = stats === undefined ? undefined : `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
    const known = this.#files.get(file);
    if (stamp !== undefined && known?.stamp === stamp) return known;
    const read = await readProjectText(path);
    if (read.ok) return { text: read.text, stamp: stamp ?? '' };
    // It went away between the listing and the reading.
    return read.kind === 'missing' ? undefined : { text: '', problem: read.problem, stamp: `${stamp ?? ''} ${read.problem}` };
  }

  #declareQueues(): void {
    const { workflows, queues, diagnostics } = this.#analysis;
    const declared = new Map<string, { readonly definition: QueueDefinition; readonly file: string }>();
    const queuesFile = [...diagnostics.keys()].find((file) => /^\.sluice\/queues\.ya?ml$/.test(file)) ?? '.sluice/queues.yaml';
    for (const definition of queues.values()) declared.set(definition.name, { definition, file: queuesFile });
    for (const { path, workflow } of workflows.values()) {
      for (const definition of Object.values(workflow.queues)) declared.set(definition.name, { definition, file: path });
    }
    this.#queues = declared;
  }
}
