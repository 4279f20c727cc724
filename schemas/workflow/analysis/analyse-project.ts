import type { ActionDefinition } from '../actions/action-definition.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { ProjectConfig, QueueDefinition, SmtpConnection, Workflow } from '../model.ts';
import { analyseConfig, defaultConfig } from './analyse-config.ts';
import { analyseConnections, type ConnectionsAnalysis } from './analyse-connections.ts';
import { analyseQueues, type QueuesAnalysis } from './analyse-queues.ts';
import { analyseWorkflow, workflowIdOf, type ProjectNames, type WorkflowAnalysis } from './analyse-workflow.ts';
import type { DeclaredQueue } from './queue-analysis.ts';
import { quoted } from './report.ts';

/** A file of the project: its path from the project's folder, with forward slashes, and its text. */
export interface ProjectFile {
  readonly path: string;
  readonly text: string;
}

export interface AnalysedWorkflow extends ProjectFile {
  readonly workflow: Workflow;
}

export interface ProjectAnalysis {
  /** Those without an error, by id. */
  readonly workflows: ReadonlyMap<string, AnalysedWorkflow>;
  /** Those of `queues.yaml`; a workflow carries its own. */
  readonly queues: ReadonlyMap<string, QueueDefinition>;
  readonly connections: ReadonlyMap<string, SmtpConnection>;
  readonly config: ProjectConfig;
  /** Of every file that was analysed, by path, in the order of the files. */
  readonly diagnostics: ReadonlyMap<string, readonly Diagnostic[]>;
}

export interface ProjectOptions {
  /** Names of the secrets that are set; left out, any will do. */
  readonly secrets?: Iterable<string>;
  readonly actions?: readonly ActionDefinition[] | 'any';
}

export type ProjectFileKind = 'workflow' | 'queues' | 'connections' | 'config';

/** What a file of a project is, by its path; undefined where it is none of ours. */
export function projectFileKind(path: string): ProjectFileKind | undefined {
  const settings = /^\.sluice\/(queues|connections|config)\.ya?ml$/.exec(path)?.[1];
  if (settings !== undefined) return settings as ProjectFileKind;
  return /^\.sluice\/workflows\/[^/]+\.ya?ml$/.test(path) || /\.sluice\.ya?ml$/.test(path) ? 'workflow' : undefined;
}

/** Analyses a project's files together. Other files among them are passed over. */
export function analyseProject(files: readonly ProjectFile[], options: ProjectOptions = {}): ProjectAnalysis {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const found = new Map<string, Diagnostic[]>();
  const secrets = options.secrets && [...options.secrets];
  const textOf = (kind: ProjectFileKind): ProjectFile | undefined => {
    const [first, ...others] = sorted.filter(({ path }) => projectFileKind(path) === kind);
    for (const other of others) found.set(other.path, [atStart(other, 'duplicate-key', `${first?.path ?? ''} is there as well, and is the one that counts: take one of the two out.`)]);
    return first;
  };
  const analysed = <Analysis extends { readonly diagnostics: readonly Diagnostic[] }>(kind: ProjectFileKind, analyse: (text: string) => Analysis): { path: string; analysis: Analysis } | undefined => {
    const file = textOf(kind);
    if (file === undefined) return undefined;
    const analysis = analyse(file.text);
    found.set(file.path, [...analysis.diagnostics]);
    return { path: file.path, analysis };
  };

  const queues = analysed<QueuesAnalysis>('queues', analyseQueues);
  const connections = analysed<ConnectionsAnalysis>('connections', (text) => analyseConnections(text, secrets));
  const config = analysed('config', analyseConfig)?.analysis.value ?? defaultConfig;
  const project: ProjectNames = {
    queues: definitionsOf(queues?.analysis.declared ?? new Map()),
    connections: connections?.analysis.names ?? [],
    env: config.env,
    ...(secrets === undefined ? {} : { secrets }),
  };
  const workflowFiles = sorted.filter(({ path }) => projectFileKind(path) === 'workflow');
  const workflows = workflowFiles.map((file) => {
    const id = workflowIdOf(file.path);
    const analysis = analyseWorkflow({ text: file.text, id, project, ...(options.actions === undefined ? {} : { actions: options.actions }) });
    found.set(file.path, [...analysis.diagnostics]);
    return { file, id, analysis };
  });
  reportDoubleQueues([...(queues === undefined ? [] : [{ path: queues.path, declared: queues.analysis.declared }]), ...workflows.map(({ file, analysis }) => ({ path: file.path, declared: analysis.queues }))], found);
  reportDoubleIds(workflows, found);

  return {
    workflows: new Map(
      workflows.flatMap(({ file, id, analysis: { workflow } }) => {
        const hasError = (found.get(file.path) ?? []).some(({ severity }) => severity === 'error');
        return workflow === undefined || hasError ? [] : [[id, { ...file, workflow }] as const];
      }),
    ),
    queues: queues?.analysis.value ?? new Map(),
    connections: connections?.analysis.value ?? new Map(),
    config,
    diagnostics: new Map(sorted.flatMap(({ path }) => { const list = found.get(path); return list === undefined ? [] : [[path, list.toSorted((a, b) => a.range.start - b.range.start)] as const]; })),
  };
}

function definitionsOf(declared: ReadonlyMap<string, DeclaredQueue>): ReadonlyMap<string, QueueDefinition> {
  return new Map([...declared].map(([name, { definition }]) => [name, definition]));
}

/** A queue has one set of limits, so two declarations would have to be one; `queues.yaml` counts as the first place. */
function reportDoubleQueues(places: readonly { readonly path: string; readonly declared: ReadonlyMap<string, DeclaredQueue> }[], found: ReadonlyMap<string, Diagnostic[]>): void {
  const first = new Map<string, string>();
  for (const { path, declared } of places) {
    for (const [name, { range }] of declared) {
      const other = first.get(name);
      if (other === undefined) first.set(name, path);
      else found.get(path)?.push({ severity: 'error', code: 'duplicate-queue', range, message: `The queue ${quoted(name)} is declared in ${other} already: declare it once, in .sluice/queues.yaml if several workflows use it.` });
    }
  }
}

function reportDoubleIds(workflows: readonly { readonly file: ProjectFile; readonly id: string; readonly analysis: WorkflowAnalysis }[], found: ReadonlyMap<string, Diagnostic[]>): void {
  const first = new Map<string, string>();
  for (const { file, id } of workflows) {
    const other = first.get(id);
    if (other === undefined) first.set(id, file.path);
    else found.get(file.path)?.push(atStart(file, 'duplicate-workflow', `${other} has the id ${quoted(id)} already: rename one of the two files.`));
  }
}

function atStart({ text }: ProjectFile, code: Diagnostic['code'], message: string): Diagnostic {
  const start = Math.max(0, text.search(/\S/));
  const lineEnd = /\r|\n/.exec(text.slice(start))?.index ?? text.length - start;
  return { severity: 'error', code, message, range: { start, end: Math.min(text.length, start + Math.max(1, lineEnd)) } };
}
