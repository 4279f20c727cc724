import type { FilterConditions } from '../../schemas/protocol/saved-filters.ts';
import type { ViewId } from '../base/ids.ts';
import { Signal } from '../base/signal.ts';
import { say } from '../wording/language.ts';

/** What the jobs of a view have to meet to be shown. */
export interface ConditionFilter {
  /** Of the project that it is for, as a URI: names of queues and runs are a project's own. */
  readonly folder: string;
  /** If it is saved in the project's `.sluice/filters.json`. */
  readonly name?: string;
  readonly conditions: FilterConditions;
}

/** What each view is narrowed to: to words, or to conditions. It is forgotten with the window, so that nobody wonders next week where a queue has gone. */
export class ViewFilters {
  readonly #filters = new Map<ViewId, string | ConditionFilter>();
  readonly #changed = new Signal<ViewId>();

  get onDidChange(): Signal<ViewId>['listen'] {
    return this.#changed.listen;
  }

  /** Empty if the view isn't narrowed by words. */
  get(view: ViewId): string {
    const filter = this.#filters.get(view);
    return typeof filter === 'string' ? filter : '';
  }

  conditions(view: ViewId): ConditionFilter | undefined {
    const filter = this.#filters.get(view);
    return typeof filter === 'string' ? undefined : filter;
  }

  /** Takes the place of what was there; no words show everything. */
  set(view: ViewId, words: string): void {
    const text = words.trim().replace(/\s+/g, ' ');
    if (text === (this.#filters.get(view) ?? '')) return;
    if (text === '') this.#filters.delete(view);
    else this.#filters.set(view, text);
    this.#changed.fire(view);
  }

  narrow(view: ViewId, filter: ConditionFilter): void {
    this.#filters.set(view, filter);
    this.#changed.fire(view);
  }
}

/** Whether each of the words is somewhere in the text, in any order and any case. */
export function hasWords(text: string, words: string): boolean {
  const lower = text.toLowerCase();
  return words.toLowerCase().split(' ').every((word) => lower.includes(word));
}

/** What a filter is called: by its name, or by what it asks for. */
export function filterLabel({ name, conditions }: ConditionFilter): string {
  return name ?? conditionsText(conditions);
}

export function conditionsText({ queue, state, run, step, group, where }: FilterConditions): string {
  return [
    ...(queue === undefined ? [] : [say('queue {queue}', { queue })]),
    ...(state === undefined ? [] : [say('state {state}', { state })]),
    ...(run === undefined ? [] : [say('run {run}', { run })]),
    ...(step === undefined ? [] : [say('step {step}', { step })]),
    ...(group === undefined ? [] : [say('failed with {group}', { group })]),
    ...(where === undefined ? [] : [where]),
  ].join(' · ');
}

/** Rows of different filters are different rows, so that none keeps what another one let through. Empty if there is none. */
export function filterKey(filter: ConditionFilter | undefined): string {
  return filter === undefined ? '' : ` ${JSON.stringify(filter.conditions)}`;
}

/** For `job/list`, which knows no groups. */
export function jobConditions(filter: ConditionFilter | undefined): Omit<FilterConditions, 'group'> {
  const { group: _, ...others } = filter?.conditions ?? {};
  return others;
}

/** For `dead/list` and `dead/groups`: all that they answer with is dead. */
export function deadConditions(filter: ConditionFilter): Omit<FilterConditions, 'state'> {
  const { state: _, ...others } = filter.conditions;
  return others;
}
