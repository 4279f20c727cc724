import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { Project } from '../project/project.ts';
import { readTarget } from '../target.ts';
import { queueDescription } from '../wording/queue.ts';
import { askProject } from './ask-project.ts';

export interface AskedQueue {
  readonly project: Project;
  readonly queue: QueueView;
}

/** The queue that a command is about. `filter` narrows what is offered, not what was clicked. */
export async function askQueue(app: App, argument: unknown, placeHolder: string, filter: (queue: QueueView, project: Project) => boolean = () => true): Promise<AskedQueue | undefined> {
  const project = await askProject(app, argument);
  if (project === undefined) return undefined;
  const { queues } = await (await project.connection.ensure()).call('queue/list', {});
  const name = readTarget(argument)?.queue;
  const named = queues.find((queue) => queue.name === name);
  if (named !== undefined) return { project, queue: named };
  const items = queues.filter((queue) => filter(queue, project)).map((queue) => ({ label: queue.name, description: queueDescription(queue, Date.now()), queue }));
  if (items.length === 0) {
    void app.ask.tell('information', l10n.t('There is no queue to choose from for that.'));
    return undefined;
  }
  const picked = await app.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, queue: picked.queue };
}
