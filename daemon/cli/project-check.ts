import path from 'node:path';
import { diagnosticViews, type DiagnosticView } from '../../schemas/protocol/workflow.ts';
import { runAdvice } from '../../schemas/language/advice/run-advice.ts';
import { type Advice, advisedProject } from '../../schemas/language/advice/advice.ts';
import { analyseFiles } from '../../schemas/workflow/analysis/analyse-files.ts';
import { joinFiles, partlySearched, unreadableFile, type ProjectAnalysis } from '../../schemas/workflow/analysis/analyse-project.ts';
import { analyseWorkflow, workflowIdOf } from '../../schemas/workflow/analysis/analyse-workflow.ts';
import type { Diagnostic } from '../../schemas/workflow/diagnostic.ts';
import { findProjectFolder } from '../../client/state-folder.ts';
import { isOwnFolder, listProjectFiles, readProjectText, readProjectTexts, shownFolder } from '../../platform/project-reader.ts';
import { SecretSource } from '../secrets/secret-source.ts';
import { UsageError } from './exit-code.ts';

export interface CheckResult {
  /** How many files were looked at. */
  readonly files: number;
  /** Of all of them, by file and place. */
  readonly diagnostics: readonly DiagnosticView[];
}

interface CheckedProject {
  readonly analysis: ProjectAnalysis;
  readonly advice: ReadonlyMap<string, readonly Advice[]>;
  /** By path from the project's folder. */
  readonly texts: ReadonlyMap<string, string>;
  /** Names of those that are set. */
  readonly secrets: readonly string[];
  /** Folders in which there may be more files, and why. */
  readonly folders: readonly (readonly [folder: string, problem: Diagnostic])[];
}

/** All files of a project, named relative to its folder. */
export async function checkProject(projectFolder: string, env: NodeJS.ProcessEnv): Promise<CheckResult> {
  const project = await analyseFolder(projectFolder, env);
  const { texts } = project;
  const diagnostics = [
    ...project.folders.flatMap(([folder, problem]) => diagnosticViews(folder, '', [problem])),
    ...[...texts].flatMap(([file, text]) => diagnosticViews(file, text, findingsOf(project, file))),
  ];
  return { files: texts.size, diagnostics };
}

/**
 * Single files, named as a person would name them from `cwd`. One that belongs to a project is checked against the rest of
 * it; any other is taken for a workflow, and what it says about other files is believed.
 */
export async function checkGivenFiles(paths: readonly string[], { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }): Promise<CheckResult> {
  const projects = new Map<string, CheckedProject>();
  const diagnostics: DiagnosticView[] = [];
  const wanted = [...new Set(paths)];
  for (const file of wanted) {
    const text = await readGiven(file);
    const found = await diagnosticsOf(file, text, projects, env);
    diagnostics.push(...diagnosticViews(nameFrom(cwd, file), text, found));
  }
  return { files: wanted.length, diagnostics };
}

async function diagnosticsOf(file: string, text: string, projects: Map<string, CheckedProject>, env: NodeJS.ProcessEnv): Promise<readonly (Diagnostic | Advice)[]> {
  const folder = await findProjectFolder(path.dirname(file));
  const id = workflowIdOf(slashed(file));
  if (folder === undefined) return analyseWorkflow({ text, id }).diagnostics;
  const project = projects.get(folder) ?? (await analyseFolder(folder, env));
  projects.set(folder, project);
  const { analysis, texts, secrets } = project;
  const own = slashed(path.relative(folder, file));
  if (texts.has(own)) return findingsOf(project, own);
  const names = { queues: analysis.queues, connections: new Map([...analysis.connections].map(([name, { type }]) => [name, type])), env: analysis.config.env, secrets };
  return analyseWorkflow({ text, id, project: names }).diagnostics;
}

/** What is wrong with a file, and what could be better, in the order of its text. */
function findingsOf({ analysis, advice }: CheckedProject, file: string): readonly (Diagnostic | Advice)[] {
  return [...(analysis.diagnostics.get(file) ?? []), ...(advice.get(file) ?? [])].sort((a, b) => a.range.start - b.range.start);
}

async function analyseFolder(projectFolder: string, env: NodeJS.ProcessEnv): Promise<CheckedProject> {
  const { files, failed, isPartial } = await listProjectFiles(projectFolder);
  const read = await readProjectTexts(projectFolder, files.map(({ file }) => file));
  const texts = new Map([...read].map(([file, { text }]) => [file, text]));
  // Elsewhere a folder of somebody else's, such as the data of a database in a container, is not the fault of the project.
  const folders = [
    ...[...failed].filter(([folder]) => isOwnFolder(folder)).map(([folder, problem]) => [shownFolder(folder), unreadableFile(shownFolder(folder), problem)] as const),
    ...(isPartial ? [['.', partlySearched()] as const] : []),
  ];
  const secrets = new SecretSource({ projectFolder, env }).names();
  const analysed = analyseFiles([...read].map(([file, { text, problem }]) => ({ path: file, text, problem })), { secrets });
  return { analysis: joinFiles(analysed), advice: runAdvice(advisedProject(analysed.byPath.values())), texts, secrets, folders };
}

async function readGiven(file: string): Promise<string> {
  const read = await readProjectText(file);
  if (read.ok) return read.text;
  throw new UsageError(read.kind === 'missing' ? `There is no file ${file}.` : `${file} ${read.problem}.`);
}

function nameFrom(cwd: string, file: string): string {
  const relative = path.relative(cwd, file);
  return slashed(relative.startsWith('..') ? file : relative);
}

function slashed(file: string): string {
  return path.sep === '\\' ? file.replaceAll('\\', '/') : file;
}
