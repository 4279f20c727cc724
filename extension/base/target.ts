import type { FilterConditions } from '../../schemas/protocol/saved-filters.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';

export type Narrowing = Pick<FilterConditions, 'run' | 'step' | 'group' | 'where'>;

/** What a command is about. Rows of the views carry one, links carry one as an argument. */
export interface Target {
  /** The project's folder, as a URI. */
  readonly folder: string;
  readonly queue?: string;
  readonly run?: string;
  readonly step?: string;
  readonly job?: string;
  /** Number of an attempt of `job`. */
  readonly attempt?: number;
  /** A group of dead letters of `queue`, as `dead/groups` names it. */
  readonly group?: string;
  /** What the view shows of `queue`: dead letters that meet these conditions too. */
  readonly only?: Narrowing;
  /** Id of a workflow. */
  readonly workflow?: string;
  /** Id of a schedule. */
  readonly schedule?: string;
  /** Id of a webhook as it was received. */
  readonly delivery?: string;
  /** Name of a connection. */
  readonly connection?: string;
  /** Of the workflow, relative to the project. */
  readonly file?: string;
}

/** The target that a command was called with: a row of a view, or a target itself; undefined if it was called with neither. */
export function readTarget(argument: unknown): Target | undefined {
  const value: unknown = isObject(argument) && 'target' in argument ? argument['target'] : argument;
  if (!isJsonObject(value) || typeof value['folder'] !== 'string') return undefined;
  const { folder, attempt } = value;
  const only = value['only'];
  return {
    folder,
    ...textsOf(value, ['queue', 'run', 'step', 'job', 'group', 'workflow', 'delivery', 'schedule', 'connection', 'file']),
    ...(isJsonObject(only) ? { only: textsOf(only, ['run', 'step', 'group', 'where']) } : {}),
    ...(typeof attempt === 'number' ? { attempt } : {}),
  };
}

/** The selection that a command of a view was called with: VS Code hands over the row clicked, and then all that are selected. */
export function readTargets(argument: unknown, selected: unknown): readonly Target[] {
  const one = readTarget(argument);
  const many = Array.isArray(selected) ? selected.flatMap((each: unknown) => readTarget(each) ?? []) : [];
  if (many.length > 0) return many;
  return one === undefined ? [] : [one];
}

function textsOf(value: JsonObject, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => (typeof value[name] === 'string' ? [[name, value[name]]] : [])));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** One thing of a selection, which may be of several projects. */
export interface Chosen {
  readonly folder: string;
  /** Of the run or job; the name of a queue. */
  readonly id: string;
}

/** The runs, jobs or queues that a command of a view was called for, each once. */
export function readChosen(kind: keyof Pick<Target, 'run' | 'job' | 'queue'>, argument: unknown, selected: unknown): readonly Chosen[] {
  const byKey = new Map<string, Chosen>();
  for (const target of readTargets(argument, selected)) {
    const id = target[kind];
    if (id !== undefined) byKey.set(`${target.folder} ${id}`, { folder: target.folder, id });
  }
  return [...byKey.values()];
}
