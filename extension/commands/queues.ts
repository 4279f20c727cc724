import type { App, Command } from './app.ts';
import { askQueue } from '../ask/pickers.ts';
import { views } from '../base/ids.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import { type Chosen, readChosen, readTarget } from '../base/target.ts';
import { queueNodeId } from '../views/queues.ts';
import { say } from '../wording/language.ts';
import { isHeld, waitingIn } from '../wording/queue.ts';
import { actOnMany } from './act-on-many.ts';

/** The queue's row in its view, opened; without a queue, the view. Answers with what was shown. */
const showQueue: Command = {
  acts: false,
  run: async ({ views: open }, argument) => {
    const target = readTarget(argument);
    const view = open.get(views.queues);
    const ids = target?.queue === undefined ? [] : [target.folder, queueNodeId(target.folder, target.queue)];
    return view?.reveal(ids);
  },
};

const pauseQueue: Command = {
  acts: true,
  run: async (app, argument, selected) => {
    const chosen = readChosen('queue', argument, selected);
    if (chosen.length > 1) {
      const { matching, idle, names, active, waiting } = await chosenQueues(app, chosen, ({ paused }) => !paused);
      return actOnMany(app, {
        chosen: matching,
        idle,
        what: 'queues-paused',
        title: say('Pausing queues'),
        confirmation: {
          question: say('Pause {names}?', { names }),
          detail: say('Queues: {count}. Jobs that wait in them: {waiting}; none starts until its queue is resumed. Jobs under way: {active}; they end as usual.', { count: matching.length, waiting, active }),
          verb: say('Pause'),
        },
        act: (daemon, queue) => daemon.call('queue/pause', { queue }),
      });
    }
    const asked = await askQueue(app, argument, say('Which queue is to be paused?'), ({ paused }) => !paused);
    return asked === undefined ? undefined : (await asked.project.connection.ensure()).call('queue/pause', { queue: asked.queue.name });
  },
};

/** What can be resumed: by hand, or because a receiver asked for a pause. */
function isStopped(queue: QueueView): boolean {
  return queue.paused || isHeld(queue, Date.now());
}

const resumeQueue: Command = {
  acts: true,
  run: async (app, argument, selected) => {
    const chosen = readChosen('queue', argument, selected);
    if (chosen.length > 1) {
      const { matching, idle, names, waiting } = await chosenQueues(app, chosen, isStopped);
      return actOnMany(app, {
        chosen: matching,
        idle,
        what: 'queues-resumed',
        title: say('Resuming queues'),
        confirmation: {
          question: say('Resume {names}?', { names }),
          detail: say('Queues: {count}. Jobs that wait in them: {waiting}; they start as their rates allow.', { count: matching.length, waiting }),
          verb: say('Resume'),
        },
        act: (daemon, queue) => daemon.call('queue/resume', { queue }),
      });
    }
    const asked = await askQueue(app, argument, say('Which queue is to continue?'), isStopped);
    return asked === undefined ? undefined : (await asked.project.connection.ensure()).call('queue/resume', { queue: asked.queue.name });
  },
};

/** No more notifications about a queue in this workspace. Its row and the status bar still tell. */
const muteAlerts: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, say('About which queue are there to be no more notifications?'), ({ name }, { folder }) => !app.alerts.isMuted(folder, name));
    if (asked === undefined) return undefined;
    await app.alerts.mute(asked.project.folder, asked.queue.name, true);
    app.refreshed.fire();
    return asked.queue.name;
  },
};

const unmuteAlerts: Command = {
  acts: false,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, say('About which queue are there to be notifications again?'), ({ name }, { folder }) => app.alerts.isMuted(folder, name));
    if (asked === undefined) return undefined;
    await app.alerts.mute(asked.project.folder, asked.queue.name, false);
    app.refreshed.fire();
    return asked.queue.name;
  },
};

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
async function chosenQueues({ projects }: App, chosen: readonly Chosen[], filter: (queue: QueueView) => boolean): Promise<ChosenQueues> {
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

export const queueCommands = { showQueue, pauseQueue, resumeQueue, muteAlerts, unmuteAlerts };
