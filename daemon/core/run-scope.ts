import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import type { Scope } from '../../schemas/workflow/expression/expression.ts';

/** What the expressions of a run can see. Everything costly is a function, called when an expression reads it. */
export interface RunScopeSource {
  readonly run: JsonObject;
  readonly env: Readonly<Record<string, string>>;
  /** The time that `now()` gives: that of the step's start, so that a fan-out continues after a crash as it began. */
  readonly now: number;
  inputs(): Json;
  trigger(): Json;
  vars(): Json;
  readonly steps: Readonly<Record<string, StepResults>>;
}

export interface StepResults {
  readonly status: string;
  output(): Json;
  results(): Json;
}

/** A scope whose `item` and `job` can be set again for each item: building one for every job would cost more than the job. */
export type MutableScope = Record<string, unknown>;

export function runScope(source: RunScopeSource): MutableScope {
  const steps: Record<string, unknown> = {};
  for (const [id, step] of Object.entries(source.steps)) {
    const view = { status: step.status };
    lazily(view, 'output', () => step.output());
    lazily(view, 'results', () => step.results());
    steps[id] = view;
  }
  const scope: MutableScope = { run: source.run, env: source.env, steps, $now: source.now };
  lazily(scope, 'inputs', () => source.inputs());
  lazily(scope, 'trigger', () => source.trigger());
  lazily(scope, 'vars', () => source.vars());
  return scope satisfies Scope;
}

/** What `trigger` is in a run that a person started at that time. */
export function manualTrigger(at: number): JsonObject {
  return { kind: 'manual', at: new Date(at).toISOString() };
}

/** A property that is computed when it is first read. */
function lazily(target: object, name: string, compute: () => Json): void {
  Object.defineProperty(target, name, {
    enumerable: true,
    configurable: true,
    get: () => {
      const value = compute();
      Object.defineProperty(target, name, { enumerable: true, value });
      return value;
    },
  });
}
