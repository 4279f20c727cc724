import type { QueueView } from '../../schemas/protocol/queue.ts';
import type { App } from '../app.ts';
import type { Chosen } from '../selection/chosen.ts';
import { waitingIn } from '../wording/queue.ts';

export interface ChosenQueues {
  readonly matching: readonly Chosen[];
  /** Those of the selection that don't match. */
  readonly idle: readonly Chosen[];
  /** Of those that match, for a person: with their projects, where those are several. */
  readonly names: string;
  readonly waiting: number;
  readonly active: number;
}

/** More names than this say less than their number. */
const maxNames = 8;

/** Those of a selection that match now, with what is in them. */
export async function chosenQueues({ projects }: App, chosen: readonly Chosen[], filter: (queue: QueueView) => boolean): Promise<ChosenQueues> {
  const folders = [...new Set(chosen.map(({ folder }) => folder))];
  const lists = await Promise.all(folders.map(async (folder) => ({ folder, queues: (await (await projects.daemonOf(folder)).call('queue/list', {})).queues })));
  const isChosen = (folder: string, name: string): boolean => chosen.some((one) => one.folder === folder && one.id === name);
  const found = lists.flatMap(({ folder, queues }) => queues.filter((queue) => filter(queue) && isChosen(folder, queue.name)).map((queue) => ({ folder, queue })));
  const isOneProject = new Set(found.map(({ folder }) => folder)).size < 2;
  const names = found.map(({ folder, queue }) => (isOneProject ? queue.name : `${queue.name} (${projects.get(folder)?.name ?? folder})`));
  return {
    matching: found.map(({ folder, queue }) => ({ folder, id: queue.name })),
    idle: chosen.filter(({ folder, id }) => !found.some((one) => one.folder === folder && one.queue.name === id)),
    names: [...names.slice(0, maxNames), ...(names.length > maxNames ? ['…'] : [])].join(', '),
    waiting: found.reduce((sum, { queue }) => sum + waitingIn(queue), 0),
    active: found.reduce((sum, { queue }) => sum + queue.depth.active, 0),
  };
}
