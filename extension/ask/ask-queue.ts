import type { App } from '../app.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { Project } from '../project/project.ts';
import { readTarget } from '../target.ts';
import { queueDescription } from '../wording/queue-words.ts';
import { askProject } from './ask-project.ts';

export interface AskedQueue {
  readonly project: Project;
  readonly queue: QueueView;
}

/** The queue that a command is about. `filter` narrows what is offered, not what was clicked. */
export async function askQueue(app: App, argument: unknown, placeHolder: string, filter: (queue: QueueView) => boolean = () => true): Promise<AskedQueue | undefined> {
  const project = await askProject(app, argument);
  if (project === undefined) return undefined;
  const { queues } = await (await project.connection.ensure()).call('queue/list', {});
  const name = readTarget(argument)?.queue;
  const named = queues.find((queue) => queue.name === name);
  if (named !== undefined) return { project, queue: named };
  const items = queues.filter(filter).map((queue) => ({ label: queue.name, description: queueDescription(queue, Date.now()), queue }));
  const picked = await app.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : { project, queue: picked.queue };
}
