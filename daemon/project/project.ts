import { CodedError } from '../../schemas/protocol/error.ts';
import { diagnosticViews, type DiagnosticView } from '../../schemas/protocol/workflow.ts';
import { analyseConfig, breaksSettings } from '../../schemas/workflow/analysis/analyse-connections.ts';
import { analyseFiles, type AnalysedFiles } from '../../schemas/workflow/analysis/analyse-files.ts';
import { joinFiles, partlySearched, unreadableFile, type ProjectAnalysis } from '../../schemas/workflow/analysis/analyse-project.ts';
import { queueDeclarations, type QueueDeclarations } from '../../schemas/workflow/analysis/queue-declarations.ts';
import type { ProjectConfig } from '../../schemas/workflow/model.ts';
import type { EngineSettings } from '../engine/engine-settings.ts';
import { versionOf } from '../engine/workflow-versions.ts';
import type { Declared } from '../ledger/declarations.ts';
import { readProjectTexts, shownFolder, type ProjectText } from '../../platform/project-reader.ts';
import { ProjectInventory, type LookExtent } from './project-inventory.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import path from 'node:path';
import { readRegularFile } from '../../platform/regular-file.ts';
import { stateFolderOf } from '../state/state-folder.ts';
import { writeStateFile } from '../state/state-file.ts';

const configFile = /^\.sluice\/config\.ya?ml$/;
/** Files that one look of a round is for. */
const filesPerRound = 20;
const connectionsFile = /^\.sluice\/connections\.ya?ml$/;

/** For the log, while the file is away. */
export const lastConfigText = '.sluice/config.yaml is not there; the settings that were last read from it hold. To go back to the defaults, write an empty one';

export interface ProjectOptions {
  /** Absolute. */
  readonly folder: string;
  readonly secrets: SecretSource;
  readonly env: NodeJS.ProcessEnv;
  /** What `config.yaml` held when it was last read without an error: it holds as long as there is no such file. */
  readonly lastConfig?: string | undefined;
}

/**
 * The project's files, understood. They are looked at again whenever somebody asks, by their times and sizes, so that what
 * was saved a moment ago is what runs; nothing depends on file events, which some file systems don't send.
 */
export class Project {
  readonly #options: ProjectOptions;
  #files: ReadonlyMap<string, ProjectText> = new Map();
  readonly #inventory: ProjectInventory;
  #failed: ReadonlyMap<string, string> = new Map();
  #isPartial = false;
  /** Where the next round of looks at files begins. */
  #nextFile = 0;
  #analysed: AnalysedFiles = analyseFiles([]);
  #analysis: ProjectAnalysis = joinFiles(this.#analysed);
  #declared: QueueDeclarations = queueDeclarations(this.#analysed, this.#analysis.diagnostics);
  #secretNames = '';
  #isSecretElsewhere = false;
  /** As last read without an error: a file that is being edited, or is gone for a moment, lifts no limit, and takes no server away. */
  #config: ProjectConfig;
  #connections = this.#analysis.connections;

  constructor(options: ProjectOptions) {
    this.#options = options;
    this.#inventory = new ProjectInventory(options.folder);
    this.#config = (options.lastConfig === undefined ? undefined : analyseConfig(options.lastConfig).value) ?? this.#analysis.config;
  }

  get config(): ProjectConfig {
    return this.#config;
  }

  /** The text of `config.yaml`, if it is there and has no error. */
  get configText(): string | undefined {
    const [, file] = this.#isWhole(configFile) ? ([...this.#files].find(([path]) => configFile.test(path)) ?? []) : [];
    return file?.text;
  }

  /** Whether settings hold that no file says any longer. */
  get hasLastConfig(): boolean {
    return this.#config !== this.#analysis.config && ![...this.#files.keys()].some((file) => configFile.test(file));
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
      declared: () => this.#declaredParts(),
      connections: this.#connections,
      connectionsDoubt: this.#connectionsDoubt(),
      config,
      env,
    };
  }

  diagnostics(): readonly DiagnosticView[] {
    const folders = [...this.#failed].flatMap(([folder, problem]) => diagnosticViews(shownFolder(folder), '', [unreadableFile(shownFolder(folder), problem)]));
    const partial = this.#isPartial ? diagnosticViews('.', '', [partlySearched()]) : [];
    return [...folders, ...partial, ...[...this.#analysis.diagnostics].flatMap(([file, diagnostics]) => diagnosticViews(file, this.#files.get(file)?.text ?? '', diagnostics))];
  }

  /** A secret that this machine doesn't have is no error from the next look on: another one that shares the store may have it. */
  allowOthersSecrets(): void {
    this.#isSecretElsewhere = true;
    this.#secretNames = 'unknown';
  }

  /**
   * Looks at the files again: at all that are known, or, in a round, at some of them in turn. Resolves to whether anything has changed.
   * One call at a time.
   */
  async refresh(extent: LookExtent = 'own'): Promise<boolean> {
    const { files: listed, failed, isPartial } = await this.#inventory.look(extent);
    const due = extent === 'round' ? this.#dueFiles(listed) : new Set(listed);
    const read = await readProjectTexts(this.#options.folder, due, this.#files);
    const files = new Map<string, ProjectText>();
    for (const file of listed) {
      const text = due.has(file) ? read.get(file) : this.#files.get(file);
      if (text !== undefined) files.set(file, text);
    }
    const names = this.#options.secrets.names();
    const same =
      files.size === this.#files.size &&
      names.join() === this.#secretNames &&
      isPartial === this.#isPartial &&
      [...failed.keys()].join() === [...this.#failed.keys()].join() &&
      [...files].every(([file, { stamp }]) => this.#files.get(file)?.stamp === stamp);
    if (same) return false;
    this.#files = files;
    this.#failed = failed;
    this.#isPartial = isPartial;
    this.#secretNames = names.join();
    this.#analysed = analyseFiles(
      [...files].map(([path, { text, problem }]) => ({ path, text, problem })),
      this.#isSecretElsewhere ? {} : { secrets: names },
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
  assertValidConfig(): void {
    const error = this.diagnostics().find(({ file, severity, code }) => configFile.test(file) && breaksSettings({ severity, code }));
    if (error === undefined) return;
    throw new CodedError('bad-project', `${error.file}:${error.line}:${error.column}: ${error.message} Until that is fixed, the daemon doesn't start.`);
  }

  /** Schedules start the workflow as its file is now, so the whole of it counts. */
  #declaredParts(): Declared {
    const parts: Record<string, string> = {};
    for (const [name, { definition }] of this.#declared.valid) parts[`queue ${name}`] = versionOf(JSON.stringify(definition));
    for (const [name, { rate, concurrency }] of this.#connections) if (rate !== undefined || concurrency !== undefined) parts[`connection ${name}`] = versionOf(JSON.stringify({ rate, concurrency }));
    for (const [id, { workflow, text }] of this.#analysis.workflows) if (workflow.triggers.schedules.length > 0) parts[`schedules of ${id}`] = versionOf(text);
    return parts;
  }

  /** Whether such a file is there and has no error. */
  #isWhole(pattern: RegExp): boolean {
    const found = [...this.#analysis.diagnostics].filter(([file]) => pattern.test(file));
    return found.length > 0 && !found.some(([, diagnostics]) => diagnostics.some(breaksSettings));
  }

  #connectionsDoubt(): string | undefined {
    if (this.#isWhole(connectionsFile)) return undefined;
    const [file, state] = [...this.#files].find(([path]) => connectionsFile.test(path)) ?? [];
    if (file === undefined) return '.sluice/connections.yaml is not there';
    return `${file} ${state?.problem ?? 'has errors'}`;
  }

  /** Those whose turn it is, and those that are new. */
  #dueFiles(listed: readonly string[]): ReadonlySet<string> {
    const due = new Set(listed.filter((file) => !this.#files.has(file)));
    for (let index = 0; index < Math.min(filesPerRound, listed.length); index++) due.add(listed[(this.#nextFile + index) % listed.length] ?? '');
    this.#nextFile = listed.length === 0 ? 0 : (this.#nextFile + filesPerRound) % listed.length;
    return due;
  }
}

const name = 'config.last.yaml';
const maxBytes = 4 * 1024 * 1024;

/**
 * The text of `config.yaml` as a daemon last read it without errors; undefined if none has, or it can't be read. A daemon that starts while the
 * file is away (checking out another branch does that) would delete runs by the default retention, and call wherever it is told to.
 */
export async function readLastConfig(projectFolder: string): Promise<string | undefined> {
  const read = await readRegularFile(path.join(stateFolderOf(projectFolder), name), maxBytes);
  return read.ok ? read.content.toString('utf8') : undefined;
}

export async function writeLastConfig(projectFolder: string, text: string): Promise<void> {
  await writeStateFile(projectFolder, name, text);
}
