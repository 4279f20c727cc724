import type { ActionDefinition } from '../actions/action-definition.ts';
import type { QueueDefinition } from '../model.ts';
import { analyseConfig, analyseConnections, type ConfigAnalysis, type ConnectionsAnalysis, defaultConfig } from './analyse-connections.ts';
import { analyseWorkflow, namesOf, workflowIdOf, type ProjectNames, type WorkflowAnalysis } from './analyse-workflow.ts';
import { childWorkflow, type ChildWorkflow } from './child-workflow.ts';
import { analyseQueues, type DeclaredQueue, type QueuesAnalysis } from './queue-analysis.ts';

/** A file of the project: its path from the project's folder, with forward slashes, and its text. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
  /**
   * Why there is no text to look at, as the rest of a sentence that begins with the file's name (`is a folder, not a file`). It is then
   * the only finding of the file.
   */
  readonly problem?: string | undefined;
  /** Left out, its path says. A text that has no path yet, such as an editor's new file, says it here. */
  readonly kind?: ProjectFileKind | undefined;
}

export interface ProjectOptions {
  /** Names of the secrets that are set; left out, any will do. */
  readonly secrets?: Iterable<string>;
  readonly actions?: readonly ActionDefinition[] | 'any';
  /** The files are not all of a project: names that could be in other files are not checked. */
  readonly partial?: boolean;
}

export type ProjectFileKind = 'workflow' | 'queues' | 'connections' | 'config';

export type AnalysedFile = { readonly file: ProjectFile } & (
  | { readonly kind: 'workflow'; readonly id: string; readonly analysis: WorkflowAnalysis }
  | { readonly kind: 'queues'; readonly analysis: QueuesAnalysis }
  | { readonly kind: 'connections'; readonly analysis: ConnectionsAnalysis }
  | { readonly kind: 'config'; readonly analysis: ConfigAnalysis }
);

export type AnalysedFileOf<Kind extends ProjectFileKind> = AnalysedFile & { readonly kind: Kind };

/** Each file of a project by itself, with what it may know of the others. */
export interface AnalysedFiles {
  /** By path, in its order; files that are none of ours are left out. */
  readonly byPath: ReadonlyMap<string, AnalysedFile>;
  /** Undefined if the files are not all of a project. */
  readonly names: ProjectNames | undefined;
  readonly options: ProjectOptions;
}

/** What a file of a project is, by its path; undefined if it is none of ours. */
export function projectFileKind(path: string): ProjectFileKind | undefined {
  const settings = /^\.sluice\/(queues|connections|config)\.ya?ml$/.exec(path)?.[1];
  if (settings !== undefined) return settings as ProjectFileKind;
  return /^\.sluice\/workflows\/[^/]+\.ya?ml$/.test(path) || /\.sluice\.ya?ml$/.test(path) ? 'workflow' : undefined;
}

/**
 * Analyses each file of a project. With what an `earlier` call gave, only files are read again whose text has changed, and workflows
 * where a name has come or gone that they could refer to, or where a workflow that their steps run takes or gives something else.
 */
export function analyseFiles(files: Iterable<ProjectFile>, options: ProjectOptions = {}, earlier?: AnalysedFiles): AnalysedFiles {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const secrets = options.secrets === undefined ? undefined : [...options.secrets];
  const sameSecrets = sameNames(earlier?.options.secrets, secrets);
  const keptOf = <Kind extends ProjectFileKind>(kind: Kind, { path, text, problem }: ProjectFile): AnalysedFileOf<Kind> | undefined => {
    const kept = earlier?.byPath.get(path);
    return kept?.kind === kind && kept.file.text === text && kept.file.problem === problem ? (kept as AnalysedFileOf<Kind>) : undefined;
  };

  const found = new Map<string, AnalysedFile>();
  for (const file of sorted) {
    switch (kindOf(file)) {
      case 'queues':
        found.set(file.path, keptOf('queues', file) ?? { file, kind: 'queues', analysis: analyseQueues(file.text) });
        break;
      case 'connections':
        found.set(file.path, (sameSecrets ? keptOf('connections', file) : undefined) ?? { file, kind: 'connections', analysis: analyseConnections(file.text, secrets) });
        break;
      case 'config':
        found.set(file.path, keptOf('config', file) ?? { file, kind: 'config', analysis: analyseConfig(file.text) });
        break;
      case 'workflow':
      case undefined:
        break;
    }
  }
  const names = options.partial === true ? undefined : projectNames(found, secrets);
  const sameProject = earlier !== undefined && earlier.options.actions === options.actions && sameSecrets && isSameProject(earlier.names, names);
  const workflows = new WorkflowFiles(sorted.filter((file) => kindOf(file) === 'workflow'), {
    keptOf: (file) => (sameProject ? keptOf('workflow', file) : undefined),
    read: (file, childOf) => workflowFile(file, names === undefined ? undefined : { ...names, workflows: childOf }, options),
  });
  for (const [path, file] of workflows.all()) found.set(path, file);
  const byPath = new Map(sorted.flatMap(({ path }) => { const one = found.get(path); return one === undefined ? [] : [[path, one] as const]; }));
  return { byPath, names, options: { ...options, ...(secrets === undefined ? {} : { secrets }) } };
}

/** Workflows within each other that are looked into: runs are nested no deeper. */
const maxNested = 16;

interface WorkflowReading {
  /** As it was read before, if nothing but the workflows that it runs can have changed since. */
  readonly keptOf: (file: ProjectFile) => AnalysedFileOf<'workflow'> | undefined;
  readonly read: (file: ProjectFile, childOf: (id: string) => ChildWorkflow | undefined) => AnalysedFileOf<'workflow'>;
}

/** The workflows of a project, each read after those that its steps run, whose outputs it may name. */
class WorkflowFiles {
  readonly #files: readonly ProjectFile[];
  readonly #reading: WorkflowReading;
  /** Of two with one id, which is an error, the first. */
  readonly #byId = new Map<string, ProjectFile>();
  readonly #found = new Map<string, AnalysedFileOf<'workflow'>>();
  /** Paths of those that wait for the ones that they run. */
  readonly #open = new Set<string>();

  constructor(files: readonly ProjectFile[], reading: WorkflowReading) {
    this.#files = files;
    this.#reading = reading;
    for (const file of files) if (!this.#byId.has(workflowIdOf(file.path))) this.#byId.set(workflowIdOf(file.path), file);
  }

  all(): ReadonlyMap<string, AnalysedFileOf<'workflow'>> {
    for (const file of this.#files) this.#read(file);
    return this.#found;
  }

  /** Undefined if there is none, or it is not known yet: workflows that run each other in a circle end here. */
  readonly #childOf = (id: string): ChildWorkflow | undefined => {
    const file = this.#byId.get(id);
    const analysis = file === undefined ? undefined : this.#read(file)?.analysis;
    return analysis && childOf(analysis);
  };

  #read(file: ProjectFile): AnalysedFileOf<'workflow'> | undefined {
    const known = this.#found.get(file.path);
    if (known !== undefined) return known;
    if (this.#open.has(file.path) || this.#open.size >= maxNested) return undefined;
    this.#open.add(file.path);
    const kept = this.#reading.keptOf(file);
    const isSame = kept !== undefined && [...kept.analysis.children].every(([id, child]) => this.#childOf(id)?.fingerprint === child?.fingerprint);
    const read = isSame ? kept : this.#reading.read(file, this.#childOf);
    this.#open.delete(file.path);
    this.#found.set(file.path, read);
    return read;
  }
}

const children = new WeakMap<WorkflowAnalysis, ChildWorkflow>();

function childOf(analysis: WorkflowAnalysis): ChildWorkflow {
  const known = children.get(analysis) ?? childWorkflow(analysis.inputs, analysis.types.outputs(analysis.workflow !== undefined));
  children.set(analysis, known);
  return known;
}

/** Those of one kind, in the order of their paths. */
export function filesOf<Kind extends ProjectFileKind>({ byPath }: AnalysedFiles, kind: Kind): readonly AnalysedFileOf<Kind>[] {
  return [...byPath.values()].filter((one): one is AnalysedFileOf<Kind> => one.kind === kind);
}

export function definitionsOf(declared: ReadonlyMap<string, DeclaredQueue>): ReadonlyMap<string, QueueDefinition> {
  return new Map([...declared].map(([name, { definition }]) => [name, definition]));
}

function kindOf({ kind, path }: ProjectFile): ProjectFileKind | undefined {
  return kind ?? projectFileKind(path);
}

function workflowFile(file: ProjectFile, project: ProjectNames | undefined, { actions }: ProjectOptions): AnalysedFileOf<'workflow'> {
  const id = workflowIdOf(file.path);
  const analysis = analyseWorkflow({ text: file.text, id, ...(project === undefined ? {} : { project }), ...(actions === undefined ? {} : { actions }) });
  return { file, kind: 'workflow', id, analysis };
}

/** Of two files of one kind, the first counts. */
function projectNames(found: ReadonlyMap<string, AnalysedFile>, secrets: readonly string[] | undefined): ProjectNames {
  const files = [...found.values()];
  const queues = files.find((one) => one.kind === 'queues')?.analysis;
  const connections = files.find((one) => one.kind === 'connections')?.analysis;
  const config = files.find((one) => one.kind === 'config')?.analysis.value ?? defaultConfig;
  return {
    queues: queues?.areNamesKnown === false ? undefined : definitionsOf(queues?.declared ?? new Map()),
    connections: connections?.areNamesKnown === false ? undefined : (connections?.names ?? new Map()),
    env: config.env,
    ...(secrets === undefined ? {} : { secrets }),
  };
}

function isSameProject(a: ProjectNames | undefined, b: ProjectNames | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameNames(a.queues && namesOf(a.queues), b.queues && namesOf(b.queues)) && sameNames(a.connections && typed(a.connections), b.connections && typed(b.connections)) && sameNames(a.env, b.env);
}

/** A step is wrong with a connection that has become another kind. */
function typed(connections: NonNullable<ProjectNames['connections']>): readonly string[] {
  return [...connections].map(([name, type]) => `${name} ${type ?? ''}`);
}

function sameNames(a: Iterable<string> | undefined, b: Iterable<string> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((name) => right.has(name));
}
