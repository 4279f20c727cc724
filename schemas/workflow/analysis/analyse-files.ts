import type { ActionDefinition } from '../actions/action-definition.ts';
import type { QueueDefinition } from '../model.ts';
import { analyseConfig, analyseConnections, type ConfigAnalysis, type ConnectionsAnalysis, defaultConfig } from './analyse-connections.ts';
import { analyseWorkflow, namesOf, workflowIdOf, type ProjectNames, type WorkflowAnalysis } from './analyse-workflow.ts';
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
 * where a name has come or gone that they could refer to.
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
  for (const file of sorted) {
    if (kindOf(file) !== 'workflow') continue;
    const kept = sameProject ? keptOf('workflow', file) : undefined;
    found.set(file.path, kept ?? workflowFile(file, names, options));
  }
  const byPath = new Map(sorted.flatMap(({ path }) => { const one = found.get(path); return one === undefined ? [] : [[path, one] as const]; }));
  return { byPath, names, options: { ...options, ...(secrets === undefined ? {} : { secrets }) } };
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
    connections: connections?.areNamesKnown === false ? undefined : (connections?.names ?? []),
    env: config.env,
    ...(secrets === undefined ? {} : { secrets }),
  };
}

function isSameProject(a: ProjectNames | undefined, b: ProjectNames | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameNames(a.queues && namesOf(a.queues), b.queues && namesOf(b.queues)) && sameNames(a.connections, b.connections) && sameNames(a.env, b.env);
}

function sameNames(a: Iterable<string> | undefined, b: Iterable<string> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((name) => right.has(name));
}
