import type { SourceRange } from '../diagnostic.ts';

/** What a step waits for: by `needs` or by a reference. The same of values that are made of each other. */
export interface Dependency {
  readonly on: string;
  readonly range: SourceRange;
}

type Dependencies = ReadonlyMap<string, readonly Dependency[]>;

/** Names that wait for each other. */
export interface Circle {
  /** The names in their order, the first one again at the end; not more than can be read. */
  readonly list: string;
  /** Where its first name names the next one. */
  readonly range: SourceRange;
}

/**
 * Each circle of names that wait for each other. A name is in one circle only; takes time in proportion to names and dependencies, and no recursion.
 */
export function circlesOf(dependencies: Dependencies): readonly Circle[] {
  const waiting = new Waiting(dependencies);
  waiting.takeFree();
  const order = new Map([...dependencies.keys()].map((name, index) => [name, index]));
  const circles: Circle[] = [];
  for (const start of dependencies.keys()) {
    if (!waiting.left.has(start)) continue;
    const names = fromFirst(namesFrom(start, dependencies, waiting.left), order);
    const circle = circleOf(names, dependencies);
    if (circle !== undefined) circles.push(circle);
    waiting.take(names);
  }
  return circles;
}

/** The names so that each comes behind those that it waits for; without those that are in circles, or wait for such. */
export function orderOf(dependencies: Dependencies): readonly string[] {
  return new Waiting(dependencies).takeFree();
}

/** The names that have not been taken out yet, each with the number of those that it still waits for. */
class Waiting {
  readonly left: Set<string>;
  readonly #counts = new Map<string, number>();
  readonly #dependents = new Map<string, string[]>();

  constructor(dependencies: Dependencies) {
    this.left = new Set(dependencies.keys());
    for (const [name, list] of dependencies) {
      const known = list.filter(({ on }) => dependencies.has(on));
      this.#counts.set(name, known.length);
      for (const { on } of known) {
        const dependents = this.#dependents.get(on);
        if (dependents === undefined) this.#dependents.set(on, [name]);
        else dependents.push(name);
      }
    }
  }

  /** Takes out what waits for nothing that is left. */
  takeFree(): readonly string[] {
    return this.take([...this.left].filter((name) => this.#counts.get(name) === 0).reverse());
  }

  /** Takes these out, and then what waits for nothing that is left, over and over. Returns all of them in the order in which they went. */
  take(names: readonly string[]): readonly string[] {
    const taken: string[] = [];
    const free = [...names];
    for (let name = free.pop(); name !== undefined; name = free.pop()) {
      if (!this.left.delete(name)) continue;
      taken.push(name);
      for (const dependent of this.#dependents.get(name) ?? []) {
        const count = (this.#counts.get(dependent) ?? 0) - 1;
        this.#counts.set(dependent, count);
        if (count === 0) free.push(dependent);
      }
    }
    return taken;
  }
}

function namesFrom(start: string, dependencies: Dependencies, left: ReadonlySet<string>): readonly string[] {
  const trail = new Map<string, number>();
  let name: string | undefined = start;
  while (name !== undefined && !trail.has(name)) {
    trail.set(name, trail.size);
    name = dependencies.get(name)?.find(({ on }) => left.has(on))?.on;
  }
  return name === undefined ? [...trail.keys()] : [...trail.keys()].slice(trail.get(name));
}

/** The same circle, from the name that stands first in the file. */
function fromFirst(circle: readonly string[], order: ReadonlyMap<string, number>): readonly string[] {
  const positions = circle.map((name) => order.get(name) ?? 0);
  const first = positions.indexOf(positions.reduce((least, position) => Math.min(least, position), Infinity));
  return [...circle.slice(first), ...circle.slice(0, first)];
}

function circleOf(names: readonly string[], dependencies: Dependencies): Circle | undefined {
  const [first = '', next = first] = names;
  const range = dependencies.get(first)?.find(({ on }) => on === next)?.range;
  const shown = names.length > 10 ? [...names.slice(0, 9), '...'] : names;
  return range === undefined ? undefined : { list: [...shown, first].join(' -> '), range };
}
