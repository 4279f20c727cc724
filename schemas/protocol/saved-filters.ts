import { isJsonObject, type Json, type JsonObject } from '../workflow/json.ts';
import { type JobState, jobStates } from './id.ts';

/** In `.sluice/` of a project: the filters that people saved for its jobs and dead letters, `SavedFilters` as JSON. */
export const savedFiltersName = 'filters.json';
export const maxSavedFilters = 200;

/** The conditions that a filter may have, as `job/list` and `dead/list` take them. */
export interface FilterConditions {
  readonly queue?: string;
  readonly state?: JobState;
  readonly run?: string;
  readonly step?: string;
  /** What failed alike, as `dead/groups` names it. */
  readonly group?: string;
  /** A CEL expression over the fields of a job. */
  readonly where?: string;
}

export interface SavedFilter extends FilterConditions {
  readonly name: string;
}

export interface SavedFilters {
  readonly version: 1;
  /** By name. */
  readonly filters: readonly SavedFilter[];
}

export const noFilters: SavedFilters = { version: 1, filters: [] };

/** Letters, digits, `-` and `_`, 64 at most, so that it can be typed without quotes. */
export function isFilterName(name: string): boolean {
  return /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,63}$/u.test(name);
}

/** Characters at most of each condition. */
export const maxConditionLength: Readonly<Record<keyof FilterConditions, number>> = { queue: 200, state: 20, run: 20, step: 200, group: 1000, where: 8192 };

/** Undefined if the value isn't such a list. */
export function parseSavedFilters(value: unknown): SavedFilters | undefined {
  if (!isJsonObject(value) || value['version'] !== 1) return undefined;
  const { filters } = value;
  if (!Array.isArray(filters) || filters.length > maxSavedFilters) return undefined;
  const parsed = filters.map(parseFilter).filter((filter) => filter !== undefined);
  const isValid = parsed.length === filters.length && new Set(parsed.map(({ name }) => name)).size === parsed.length;
  return isValid ? { version: 1, filters: parsed.sort(byName) } : undefined;
}

/** In the place of one of the same name. */
export function withFilter({ filters }: SavedFilters, filter: SavedFilter): SavedFilters {
  return { version: 1, filters: [...filters.filter(({ name }) => name !== filter.name), filter].sort(byName) };
}

/** The same list, if there is none of that name. */
export function withoutFilter(list: SavedFilters, name: string): SavedFilters {
  const filters = list.filters.filter((filter) => filter.name !== name);
  return filters.length === list.filters.length ? list : { version: 1, filters };
}

function parseFilter(value: Json): SavedFilter | undefined {
  if (!isJsonObject(value)) return undefined;
  const { name, ...conditions } = value;
  if (typeof name !== 'string' || !isFilterName(name) || !areConditions(conditions)) return undefined;
  return { name, ...conditions };
}

function areConditions(value: JsonObject): value is JsonObject & FilterConditions {
  const isText = Object.entries(value).every(([key, text]) => Object.hasOwn(maxConditionLength, key) && typeof text === 'string' && text !== '' && text.length <= maxConditionLength[key as keyof FilterConditions]);
  return isText && (value['state'] === undefined || jobStates.some((state) => state === value['state']));
}

/** The same order on every machine. */
function byName({ name: a }: SavedFilter, { name: b }: SavedFilter): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
