import type { SourceRange } from '../diagnostic.ts';
import type { Report } from './report.ts';
import { message } from '../../wording/message.ts';

/** What a step waits for: by `needs` or by a reference. */
export interface Dependency {
  readonly on: string;
  readonly range: SourceRange;
}

/**
 * Reports each circle of steps that wait for each other, where its first step names the next one. A step is in one
 * report only; takes time in proportion to steps and dependencies, and no recursion.
 */
export function reportCycles(report: Report, dependencies: ReadonlyMap<string, readonly Dependency[]>): void {
  const left = new Set(dependencies.keys());
  const counts = new Map<string, number>();
  const dependents = new Map<string, string[]>();
  for (const [step, list] of dependencies) {
    const known = list.filter(({ on }) => dependencies.has(on));
    counts.set(step, known.length);
    for (const { on } of known) {
      const list = dependents.get(on);
      if (list === undefined) dependents.set(on, [step]);
      else list.push(step);
    }
  }
  /** Takes out what waits for nothing that is left, over and over; what stays leads into a circle. */
  const remove = (steps: readonly string[]): void => {
    const waiting = [...steps];
    for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
      if (!left.delete(step)) continue;
      for (const dependent of dependents.get(step) ?? []) {
        const count = (counts.get(dependent) ?? 0) - 1;
        counts.set(dependent, count);
        if (count === 0) waiting.push(dependent);
      }
    }
  };
  remove([...left].filter((step) => counts.get(step) === 0));

  const order = new Map([...dependencies.keys()].map((step, index) => [step, index]));
  for (const start of dependencies.keys()) {
    if (!left.has(start)) continue;
    const circle = fromFirst(circleFrom(start, dependencies, left), order);
    reportCircle(report, circle, dependencies);
    remove(circle);
  }
}

function circleFrom(start: string, dependencies: ReadonlyMap<string, readonly Dependency[]>, left: ReadonlySet<string>): readonly string[] {
  const trail = new Map<string, number>();
  let step: string | undefined = start;
  while (step !== undefined && !trail.has(step)) {
    trail.set(step, trail.size);
    step = dependencies.get(step)?.find(({ on }) => left.has(on))?.on;
  }
  return step === undefined ? [...trail.keys()] : [...trail.keys()].slice(trail.get(step));
}

/** The same circle, from the step that stands first in the file. */
function fromFirst(circle: readonly string[], order: ReadonlyMap<string, number>): readonly string[] {
  const positions = circle.map((step) => order.get(step) ?? 0);
  const first = positions.indexOf(positions.reduce((least, position) => Math.min(least, position), Infinity));
  return [...circle.slice(first), ...circle.slice(0, first)];
}

function reportCircle(report: Report, circle: readonly string[], dependencies: ReadonlyMap<string, readonly Dependency[]>): void {
  const [first = '', next = first] = circle;
  const range = dependencies.get(first)?.find(({ on }) => on === next)?.range;
  if (range === undefined) return;
  const shown = circle.length > 10 ? [...circle.slice(0, 9), '...'] : circle;
  report.error('cycle', range, message('These steps wait for each other in a circle: {list}. Take one of these dependencies out.', { list: [...shown, first].join(' -> ') }));
}
