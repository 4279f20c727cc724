import { FilterList } from '../../client/filters.ts';
import type { FilterConditions, SavedFilter } from '../../schemas/protocol/saved-filters.ts';
import type { JobState } from '../../schemas/protocol/id.ts';
import { nearestName } from '../../schemas/workflow/nearest-name.ts';
import type { CommandContext } from './command-context.ts';
import { UsageError } from './exit-code.ts';

export const filterHelp = 'with the conditions of a saved filter (see `sluice filters`); options given here win';

/** What a command can narrow down by. */
export interface FilterUse {
  readonly takes: readonly (keyof FilterConditions)[];
  /** The state that all it lists are in: a condition that says the same needs no telling. */
  readonly state?: JobState;
  /** What it lists. */
  readonly noun: string;
}

/** The options of a command, with the conditions of the saved filter that `--filter` names. @throws UsageError if there is none, or it has other conditions */
export async function withSavedFilter<Options extends { readonly filter?: string }>(context: CommandContext, { filter: name, ...options }: Options, use: FilterUse): Promise<Omit<Options, 'filter'>> {
  if (name === undefined) return options;
  const { name: _, ...conditions } = findFilter(await new FilterList(await context.project()).all(), name);
  const { state, ...others } = conditions;
  const used = state !== undefined && state === use.state ? others : conditions;
  const unknown = conditionsIn(used).find((condition) => !use.takes.includes(condition));
  if (unknown !== undefined) throw new UsageError(`The filter ${name} has the condition \`${unknown}\`, by which ${use.noun} can't be narrowed down.`);
  return { ...used, ...options };
}

/** @throws UsageError if there is none of that name */
export function findFilter(filters: readonly SavedFilter[], name: string): SavedFilter {
  const found = filters.find((filter) => filter.name === name);
  if (found !== undefined) return found;
  const nearest = nearestName(name, filters.map((filter) => filter.name));
  throw new UsageError(`There is no filter '${name}'.${nearest === undefined ? '' : ` Did you mean '${nearest}'?`} \`sluice filters\` lists them.`);
}

/** As options of `sluice jobs`. */
export function filterText({ name: _, ...conditions }: SavedFilter): string {
  return conditionsIn(conditions).map((condition) => `--${condition} ${quoted(conditions[condition] ?? '')}`).join(' ');
}

function conditionsIn(conditions: FilterConditions): (keyof FilterConditions)[] {
  return (['queue', 'state', 'run', 'step', 'group', 'where'] as const).filter((condition) => conditions[condition] !== undefined);
}

/** As a POSIX shell reads it. */
function quoted(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
