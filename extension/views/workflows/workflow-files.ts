import * as vscode from 'vscode';
import type { WorkflowView } from '../../../schemas/protocol/method.ts';
import type { Project } from '../../project/project.ts';

const most = 500;

/** The project's workflows by the names of their files alone: all that can be known while no daemon runs. */
export async function findWorkflowFiles({ folder }: Project): Promise<readonly WorkflowView[]> {
  const base = vscode.Uri.parse(folder);
  const patterns = ['.sluice/workflows/*.{yaml,yml}', '**/*.sluice.yaml'];
  const found = await Promise.all(patterns.map((pattern) => vscode.workspace.findFiles(new vscode.RelativePattern(base, pattern), '**/node_modules/**', most)));
  return found
    .flat()
    .map((uri) => uri.path.slice(base.path.length + 1))
    .sort()
    .map((file) => ({ id: file, name: file.slice(file.lastIndexOf('/') + 1), file, valid: true, queues: [] }));
}
