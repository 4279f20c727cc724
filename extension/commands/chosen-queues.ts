import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { App } from '../app.ts';
import type { Chosen } from '../selection/chosen.ts';
import { waitingIn } from '../wording/queue-words.ts';

export interface ChosenQueues {
  readonly matching: readonly Chosen[];
  /** How many of the selection don't match. */
  readonly idle: number;
  /** Of those that match, for a person. */
  readonly names: string;
  readonly waiting: number;
  readonly active: number;
}

/** More names than this say less than their number. */
const maxNames = 8;

/** Those of a selection that match now, with what is in them. */
export async function chosenQueues(app: App, chosen: readonly Chosen[], filter: (queue: QueueView) => boolean): Promise<ChosenQueues> {
  const folders = [...new Set(chosen.map(({ folder }) => folder))];
  const lists = await Promise.all(folders.map(async (folder) => ({ folder, queues: (await (await app.projects.daemonOf(folder)).call('queue/list', {})).queues })));
  const matching = lists.flatMap(({ folder, queues }) => queues.filter((queue) => filter(queue) && chosen.some((one) => one.folder === folder && one.id === queue.name)).map((queue) => ({ folder, queue })));
  const names = matching.map(({ queue }) => queue.name);
  return {
    matching: matching.map(({ folder, queue }) => ({ folder, id: queue.name })),
    idle: chosen.length - matching.length,
    names: [...names.slice(0, maxNames), ...(names.length > maxNames ? ['…'] : [])].join(', '),
    waiting: matching.reduce((sum, { queue }) => sum + waitingIn(queue), 0),
    active: matching.reduce((sum, { queue }) => sum + queue.depth.active, 0),
  };
}
