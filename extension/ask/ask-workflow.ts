import * as l10n from '@vscode/l10n';
import type { WorkflowView } from '../../schemas/protocol/method.ts';
import type { App } from '../app.ts';
import type { Project } from '../project/project.ts';
import { readTarget } from '../target.ts';
import { askProject } from './ask-project.ts';

export interface AskedWorkflow {
  readonly project: Project;
  readonly workflow: WorkflowView;
}

/** The workflow that a command is about: by its file where the target names one, as ids are only known to the daemon. */
export async function askWorkflow(app: App, argument: unknown, placeHolder: string): Promise<AskedWorkflow | undefined> {
  const project = await askProject(app, argument);
  if (project === undefined) return undefined;
  const { workflows } = await (await project.connection.ensure()).call('workflow/list', {});
  const target = readTarget(argument);
  if (target?.file !== undefined || target?.workflow !== undefined) {
    const named = workflows.find(({ id, file }) => (target.file === undefined ? id === target.workflow : file === target.file));
    if (named === undefined) throw new Error(l10n.t('There is no workflow {0} in the project {1}.', target.file ?? target.workflow ?? '', project.name));
    return { project, workflow: named };
  }
  const items = workflows.map((workflow) => ({
    label: workflow.name,
    description: workflow.valid ? workflow.id : l10n.t('{0} · has errors', workflow.file),
    ...(workflow.description === undefined ? {} : { detail: workflow.description }),
    workflow,
  }));
  const picked = await app.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, workflow: picked.workflow };
}
