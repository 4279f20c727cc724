import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DiagnosticView } from '../../schemas/protocol/method.ts';
import { findProjectFolder, listProjectFiles, projectFileKindOf, type ProjectFile } from '../project-folder.ts';

export interface CheckResult {
  /** Files that were looked at. */
  readonly files: number;
  /** Of all of them, by file and place. */
  readonly diagnostics: readonly DiagnosticView[];
}

export async function checkProject(projectFolder: string): Promise<CheckResult> {
  const files = await listProjectFiles(projectFolder);
  for (const file of files) await readFile(file.path, 'utf8');
  return { files: files.length, diagnostics: [] };
}

export async function checkGivenFiles(paths: readonly string[], _projectFolder: string | undefined, _cwd: string): Promise<CheckResult> {
  void findProjectFolder;
  void projectFileKindOf;
  const files: ProjectFile[] = paths.map((file) => ({ kind: 'workflow', file: path.basename(file), path: file }));
  return { files: files.length, diagnostics: [] };
}
