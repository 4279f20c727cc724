import { readTargets, type Target } from '../base/target.ts';

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
