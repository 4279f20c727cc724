import * as vscode from 'vscode';
import type { App, Command } from './app.ts';
import { type ViewId, views } from '../base/ids.ts';
import { readTarget } from '../base/target.ts';
import { FilterNode, LoadMoreNode } from '../views/tree-node.ts';
import { conditionsText, type ConditionFilter, filterLabel } from '../views/view-filters.ts';
import { type FilterConditions, isFilterName, maxConditionLength, maxSavedFilters } from '../../schemas/protocol/saved-filters.ts';
import { parseExpression } from '../../schemas/workflow/expression/expression.ts';
import { askProject } from '../ask/pickers.ts';
import type { Prompter } from '../ask/prompter.ts';
import { messageOf } from '../wording/client-fault-text.ts';
import type { Project } from '../project/project.ts';
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

/**
 * Narrows a view: to what has all the words that are typed, or to the jobs that meet an expression or a filter that is saved in the project. What is on
 * can be saved, or dropped. Answers with the words or the name of what is on then.
 */
async function askFilter(app: App, view: ViewId, prompt: string): Promise<string | undefined> {
  const { ask, filters, projects } = app;
  const words = filters.get(view);
  const present = filters.conditions(view);
  const saved = (await Promise.all(projects.all.map((project) => savedFilters(project, ask)))).flat().filter(({ conditions }) => isFor(view, conditions));
  const items: readonly FilterItem[] = [
    { label: say('Words…'), iconPath: new vscode.ThemeIcon('search'), description: words === '' ? prompt : words, run: () => askWords(app, view, prompt) },
    { label: say('Expression…'), iconPath: new vscode.ThemeIcon('symbol-operator'), description: present?.conditions.where ?? say('over the fields of a job, such as {example}', { example: exampleOf(view) }), run: () => askExpression(app, view) },
    ...saved.map((filter) => ({
      label: filterLabel(filter),
      iconPath: new vscode.ThemeIcon('filter'),
      description: [conditionsText(filter.conditions), ...(projects.all.length > 1 ? [projects.get(filter.folder)?.name ?? ''] : [])].join(' · '),
      run: async () => filters.narrow(view, filter),
    })),
    ...(present === undefined ? [] : [{ label: say('Save This Filter…'), iconPath: new vscode.ThemeIcon('save'), description: conditionsText(present.conditions), run: () => saveFilter(app, view, present) }]),
    ...(present === undefined && words === '' ? [] : [{ label: say('Show Everything'), iconPath: new vscode.ThemeIcon('clear-all'), run: async () => filters.set(view, '') }]),
  ];
  const picked = await ask.pick(items, { title: say('Filter'), placeHolder: saved.length === 0 ? say('No filter is saved in this project yet') : say('What is to be shown?') });
  if (picked === undefined) return undefined;
  await picked.run();
  return filters.conditions(view)?.name ?? filters.conditions(view)?.conditions.where ?? filters.get(view);
}

interface FilterItem extends vscode.QuickPickItem {
  readonly run: () => Promise<void>;
}

/** A file that can't be read is no reason not to filter by words. */
async function savedFilters({ folder, path }: Project, ask: Prompter): Promise<readonly ConditionFilter[]> {
  // Not needed to look or to start, so not loaded for it.
  const { FilterList } = await import('../../client/filters.ts');
  try {
    return (await new FilterList(path).all()).map(({ name, ...conditions }) => ({ folder, name, conditions }));
  } catch (error) {
    void ask.tell('error', messageOf(error));
    return [];
  }
}

/** Whether all that a view lists can have these conditions. */
function isFor(view: ViewId, { state, group }: FilterConditions): boolean {
  return view === views.deadLetters ? state === undefined || state === 'dead' : group === undefined;
}

function exampleOf(view: ViewId): string {
  return view === views.deadLetters ? 'error.status == 422' : 'attemptCount > 3';
}

async function askWords({ ask, filters }: App, view: ViewId, prompt: string): Promise<void> {
  const words = await ask.input({ title: say('Filter'), prompt, value: filters.get(view), placeHolder: say('Empty shows everything') });
  if (words !== undefined) filters.set(view, words);
}

async function askExpression(app: App, view: ViewId): Promise<void> {
  const project = await askProject(app);
  if (project === undefined) return;
  const where = await app.ask.input({
    title: say('Filter'),
    prompt: say('A CEL expression over the fields of a job: only jobs for which it is true are shown'),
    value: app.filters.conditions(view)?.conditions.where ?? '',
    placeHolder: exampleOf(view),
    validateInput: whatIsWrong,
  });
  if (where === undefined) return;
  if (where.trim() === '') app.filters.set(view, '');
  else app.filters.narrow(view, { folder: project.folder, conditions: { where: where.trim() } });
}

function whatIsWrong(where: string): string | undefined {
  if (where.trim() === '') return undefined;
  if (where.length > maxConditionLength.where) return say('{count, plural, one {An expression has # character at most.} other {An expression has # characters at most.}}', { count: maxConditionLength.where });
  const parsed = parseExpression(where);
  return parsed.ok ? undefined : parsed.error.message;
}

async function saveFilter({ ask, filters, projects }: App, view: ViewId, filter: ConditionFilter): Promise<void> {
  const project = projects.get(filter.folder);
  if (project === undefined) return;
  const { FilterList } = await import('../../client/filters.ts');
  const list = new FilterList(project.path);
  const known = await list.all();
  const name = await ask.input({
    title: say('Save Filter'),
    prompt: say('A name by which this view, and `sluice jobs --filter`, find it again'),
    value: filter.name ?? '',
    validateInput: (text) => {
      if (!isFilterName(text)) return say('A filter is named by letters, digits, - and _, 64 at most, with a letter or a digit first.');
      const isNew = known.every((one) => one.name !== text);
      return isNew && known.length >= maxSavedFilters ? say('{count, plural, one {A project has # filter at most: `sluice filters delete` deletes one.} other {A project has # filters at most: `sluice filters delete` deletes one.}}', { count: maxSavedFilters }) : undefined;
    },
  });
  if (name === undefined || !isFilterName(name)) return;
  const isTaken = known.some((one) => one.name === name) && name !== filter.name;
  if (isTaken && !(await ask.confirm({ question: say('Replace the filter {name}?', { name }), detail: say('The project has a filter of that name; its conditions are lost.'), verb: say('Replace') }))) return;
  await list.save({ name, ...filter.conditions });
  filters.narrow(view, { ...filter, name });
}

/** From the row that says which filter is on. */
const dropFilter: Command = {
  acts: false,
  run: async (_app, argument) => {
    if (argument instanceof FilterNode) argument.drop();
  },
};

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

export const viewCommands = { filterQueues, filterRuns, filterDeadLetters, dropFilter, loadMore, refresh, openDashboard };
