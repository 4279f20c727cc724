import type { Diagnostic } from '../diagnostic.ts';
import type { Connection, ConnectionType } from '../connections/connection.ts';
import type { ProjectConfig, QueueDefinition, Workflow } from '../model.ts';
import { analyseFiles, filesOf, type AnalysedFileOf, type AnalysedFiles, type ProjectFile, type ProjectFileKind, type ProjectOptions } from './analyse-files.ts';
import { type ConnectionsAnalysis, defaultConfig } from './analyse-connections.ts';
import { nearestName } from '../nearest-name.ts';
import { maxSearchedFolders } from '../project-files.ts';
import { reportChildRuns } from './child-run-analysis.ts';
import { declaredIn, type QueuePlace } from './queue-declarations.ts';
import { didYouMean, quoted } from './report.ts';
import { firstLink } from './signal-link-analysis.ts';
import { signs } from '../triggers/webhook-verify.ts';
import { message, sentences, type Message } from '../../wording/message.ts';

export { projectFileKind, type ProjectFile, type ProjectFileKind, type ProjectOptions } from './analyse-files.ts';

export interface AnalysedWorkflow extends ProjectFile {
  readonly workflow: Workflow;
}

export interface ProjectAnalysis {
  /** Those without an error, by id. */
  readonly workflows: ReadonlyMap<string, AnalysedWorkflow>;
  /** Those of `queues.yaml`; a workflow carries its own. */
  readonly queues: ReadonlyMap<string, QueueDefinition>;
  readonly connections: ReadonlyMap<string, Connection>;
  readonly config: ProjectConfig;
  /** Of every file that was analysed, by path, in the order of the files. */
  readonly diagnostics: ReadonlyMap<string, readonly Diagnostic[]>;
}

/** Analyses a project's files together. Other files among them are passed over. */
export function analyseProject(files: readonly ProjectFile[], options: ProjectOptions = {}): ProjectAnalysis {
  return joinFiles(analyseFiles(files, options));
}

/** Of a file or folder that gives no text. */
export function unreadableFile(path: string, problem: string): Diagnostic {
  return { severity: 'error', code: 'unreadable-file', range: { start: 0, end: 0 }, message: message('{path} {problem}.', { path, problem }) };
}

/** Of a project's folder that has more folders than are searched. */
export function partlySearched(): Diagnostic {
  const most = maxSearchedFolders.toLocaleString('en');
  return { severity: 'information', code: 'too-many-folders', range: { start: 0, end: 0 }, message: message('Only the first {most} folders of the project were searched for *.sluice.yaml files. Put workflows into .sluice/workflows, or name folders without any in .gitignore.', { most }) };
}

/** What the files of a project mean together. */
export function joinFiles(files: AnalysedFiles): ProjectAnalysis {
  const found = new Map<string, Diagnostic[]>();
  for (const [path, { file, analysis }] of files.byPath) found.set(path, file.problem === undefined ? [...analysis.diagnostics] : [unreadableFile(file.path, file.problem)]);
  const queues = firstOf(files, 'queues', found);
  const connections = firstOf(files, 'connections', found);
  const config = firstOf(files, 'config', found);
  const workflows = filesOf(files, 'workflow');
  reportDoubleQueues([...(queues === undefined ? [] : [queues]), ...workflows], found);
  reportDoubleIds(workflows, found);
  reportDoublePaths(workflows, found);
  if (files.options.partial !== true) reportChildRuns(workflows, found);
  if (files.options.partial !== true && config !== undefined) reportAlertConnections(config, connections?.analysis, found);
  if (files.options.partial !== true) reportMissingListener(workflows, config?.analysis.value ?? defaultConfig, found);

  return {
    workflows: new Map(
      workflows.flatMap(({ file, id, analysis: { workflow } }) => {
        const hasError = (found.get(file.path) ?? []).some(({ severity }) => severity === 'error');
        return workflow === undefined || hasError ? [] : [[id, { ...file, workflow }] as const];
      }),
    ),
    queues: queues?.analysis.value ?? new Map(),
    connections: connections?.analysis.value ?? new Map(),
    config: config?.analysis.value ?? defaultConfig,
    diagnostics: new Map([...found].map(([path, list]) => [path, list.toSorted((a, b) => a.range.start - b.range.start)])),
  };
}

/** The file of a kind of which there is one; nothing but that is said about any other. */
function firstOf<Kind extends Exclude<ProjectFileKind, 'workflow'>>(files: AnalysedFiles, kind: Kind, found: Map<string, Diagnostic[]>): AnalysedFileOf<Kind> | undefined {
  const [first, ...others] = filesOf(files, kind);
  for (const { file } of others) found.set(file.path, [atStart(file, 'duplicate-key', message('{path} is there as well, and is the one that counts: take one of the two out.', { path: first?.file.path ?? '' }))]);
  return first;
}

/** A queue has one set of limits, so two declarations would have to be one; `queues.yaml` counts as the first place. */
function reportDoubleQueues(places: readonly QueuePlace[], found: ReadonlyMap<string, Diagnostic[]>): void {
  const first = new Map<string, string>();
  for (const place of places) {
    const { path } = place.file;
    for (const [name, { range }] of declaredIn(place)) {
      const other = first.get(name);
      if (other === undefined) first.set(name, path);
      else found.get(path)?.push({ severity: 'error', code: 'duplicate-queue', range, message: message('The queue {name} is declared in {other} already: declare it once, in .sluice/queues.yaml if several workflows use it.', { name: quoted(name), other }) });
    }
  }
}

function reportDoubleIds(workflows: readonly AnalysedFileOf<'workflow'>[], found: ReadonlyMap<string, Diagnostic[]>): void {
  const first = new Map<string, string>();
  for (const { file, id } of workflows) {
    const other = first.get(id);
    if (other === undefined) first.set(id, file.path);
    else found.get(file.path)?.push(atStart(file, 'duplicate-workflow', message('{other} has the id {id} already: rename one of the two files.', { other, id: quoted(id) })));
  }
}

/** A request has one workflow that it starts. */
function reportDoublePaths(workflows: readonly AnalysedFileOf<'workflow'>[], found: ReadonlyMap<string, Diagnostic[]>): void {
  const first = new Map<string, string>();
  for (const { file, analysis } of workflows) {
    const { path, pathRange: range } = analysis.triggers.webhook ?? {};
    if (path === undefined || range === undefined) continue;
    const other = first.get(path);
    if (other === undefined) first.set(path, file.path);
    else found.get(file.path)?.push({ severity: 'error', code: 'duplicate-webhook', range, message: message('{other} has a webhook with the path {path} already: a request starts one workflow, so choose another path.', { other, path: quoted(path) }) });
  }
}

/** Receivers of alerts that would be told nothing, because there is no such connection. */
function reportAlertConnections({ file, analysis }: AnalysedFileOf<'config'>, declared: ConnectionsAnalysis | undefined, found: ReadonlyMap<string, Diagnostic[]>): void {
  if (declared?.areNamesKnown === false) return;
  const names = declared?.names ?? new Map<string, ConnectionType | undefined>();
  const ofSmtp = [...names].filter(([, type]) => type === 'smtp').map(([name]) => name);
  for (const { name, range } of analysis.connections) {
    const type = names.get(name);
    if (type === 'smtp' || (type === undefined && names.has(name))) {
      const connection = declared?.value?.get(name);
      if (connection?.type === 'smtp' && connection.from === undefined) found.get(file.path)?.push({ severity: 'warning', code: 'missing-key', range, message: message("The connection {name} doesn't say 'from', so no alert can be mailed over it.", { name: quoted(name) }) });
      continue;
    }
    const nearest = nearestName(name, ofSmtp);
    const problem = type === undefined ? message('There is no connection {name}.', { name: quoted(name) }) : message('The connection {name} is of the type {other}; alerts are mailed over one of the type smtp.', { name: quoted(name), other: type });
    const hint = didYouMean(nearest) ?? (ofSmtp.length === 0 ? message('.sluice/connections.yaml declares none of the type {type}.', { type: 'smtp' }) : message('There are: {names}.', { names: ofSmtp.join(', ') }));
    found.get(file.path)?.push({ severity: 'error', code: 'unknown-connection', range, message: sentences(problem, hint), ...(nearest === undefined ? {} : { suggestions: [nearest] }) });
  }
}

function reportMissingListener(workflows: readonly AnalysedFileOf<'workflow'>[], { webhooks }: ProjectConfig, found: ReadonlyMap<string, Diagnostic[]>): void {
  for (const { file, analysis } of workflows) {
    const { webhook } = analysis.triggers;
    const report = (range: Diagnostic['range'], text: Message, severity: Diagnostic['severity'] = 'warning'): void => void found.get(file.path)?.push({ severity, code: 'no-listener', range, message: text });
    const link = firstLink(analysis.steps.values());
    if (link !== undefined) {
      if (webhooks.listen === undefined) report(link, message('No link can be made, because nothing listens where it could lead: say where in .sluice/config.yaml, such as {code}.', { code: 'webhooks: { listen: "127.0.0.1:4681", public-url: https://hooks.example.com }' }));
      else if (webhooks.publicUrl === undefined) report(link, message('This link leads to the address of the listener, which others may not reach: say what they call in .sluice/config.yaml, such as {code}.', { code: 'webhooks: { public-url: https://hooks.example.com }' }), 'information');
    }
    if (webhook === undefined) continue;
    if (webhooks.listen === undefined) report(webhook.keyRange, message('Nothing listens for webhooks yet: say where in .sluice/config.yaml, such as {code}.', { code: 'webhooks: { listen: "127.0.0.1:4681" }' }));
    const verify = webhook.trigger?.verify;
    if (verify?.kind === 'signature' && signs(verify.signature, 'url') && webhooks.publicUrl === undefined) {
      report(webhook.verifyRange, message("The sender signs the address that it calls, so every request is refused until .sluice/config.yaml says it: {code}.", { code: 'webhooks: { public-url: https://hooks.example.com }' }));
    }
  }
}

function atStart({ text }: ProjectFile, code: Diagnostic['code'], message: Message): Diagnostic {
  const start = Math.max(0, text.search(/\S/));
  const lineEnd = /\r|\n/.exec(text.slice(start))?.index ?? text.length - start;
  return { severity: 'error', code, message, range: { start, end: Math.min(text.length, start + Math.max(1, lineEnd)) } };
}
