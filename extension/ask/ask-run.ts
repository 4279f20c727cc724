import type { App } from '../app.ts';
import type { Params } from '../../schemas/protocol/method.ts';
import type { Project } from '../project/project.ts';
import { readTarget } from '../target.ts';
import { runDescription } from '../wording/run.ts';
import { askProject } from './ask-project.ts';

export interface AskedRun {
  readonly project: Project;
  readonly run: string;
}

/** The run that a command is about. */
export async function askRun(app: App, argument: unknown, placeHolder: string, filter: Pick<Params<'run/list'>, 'state'> = {}): Promise<AskedRun | undefined> {
  const project = await askProject(app, argument);
  if (project === undefined) return undefined;
  const run = readTarget(argument)?.run;
  if (run !== undefined) return { project, run };
  const { runs } = await (await project.connection.ensure()).call('run/list', { ...filter, limit: 200 });
  const items = runs.map((one) => ({ label: `${one.workflow} ${one.id}`, description: runDescription(one, Date.now()), run: one.id }));
  const picked = await app.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, run: picked.run };
}
