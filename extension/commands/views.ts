import type { App } from './app.ts';
import { type ViewId, views } from '../base/ids.ts';
import { readTarget } from '../base/target.ts';
import { LoadMoreNode } from '../views/tree-node.ts';
import type { Command } from './command.ts';
import { say } from '../wording/language.ts';

const filterQueues: Command = {
  acts: false,
  run: async (app) => askFilter(app, views.queues, say('Filter queues by name or status, such as paused')),
};

const filterRuns: Command = {
  acts: false,
  run: async (app) => askFilter(app, views.runs, say('Filter runs by workflow, id or state, such as failed')),
};

const filterDeadLetters: Command = {
  acts: false,
  run: async (app) => askFilter(app, views.deadLetters, say('Filter dead letters by queue or error')),
};

/** Narrows a view to what has all the words that are typed; nothing typed shows everything again. Answers with the words. */
async function askFilter({ ask, filters }: App, view: ViewId, prompt: string): Promise<string | undefined> {
  const words = await ask.input({ title: say('Filter'), prompt, value: filters.get(view), placeHolder: say('Empty shows everything') });
  if (words === undefined) return undefined;
  filters.set(view, words);
  return filters.get(view);
}

/** The next page of a list, from the row at its end. */
const loadMore: Command = {
  acts: false,
  run: async (_app, argument) => {
    if (argument instanceof LoadMoreNode) argument.loadMore();
  },
};

/** Looks for daemons, and draws everything again. */
const refresh: Command = {
  acts: false,
  run: async ({ projects, refreshed }) => {
    projects.look();
    refreshed.fire();
  },
};

/** On a queue of the side bar: that queue. */
const openDashboard: Command = {
  acts: false,
  run: async ({ dashboard }, argument) => dashboard.show(readTarget(argument)),
};

export const viewCommands = { filterQueues, filterRuns, filterDeadLetters, loadMore, refresh, openDashboard };
