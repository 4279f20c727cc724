import { formatRunId } from '../../schemas/protocol/id.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import { manualTrigger, runScope, type MutableScope, type StepResults } from '../core/run-scope.ts';
import type { RunRow, StepRow } from './row.ts';

/** The facts that expressions read; each may throw where it isn't known (yet). */
export interface ScopeFacts {
  readonly env: Readonly<Record<string, string>>;
  inputs(runId: number): Json;
  trigger(runId: number): Json;
  vars(runId: number): Json;
  output(stepId: number): Json;
  results(stepId: number): Json;
  /** Of all pages. */
  items(stepId: number): Json;
}

/** What the expressions of a run see. A fact is asked for when an expression reads it. */
export function scopeOf(facts: ScopeFacts, run: RunRow, steps: Iterable<StepRow>, now: number): MutableScope {
  const results: Record<string, StepResults> = {};
  for (const { id, name, state, pages, succeeded, cursor } of steps) {
    results[name] =
      pages === null
        ? { status: state, output: () => facts.output(id), results: () => facts.results(id) }
        : { status: state, output: () => (state === 'succeeded' ? { pages: succeeded, items: cursor, complete: pages === 'complete' } : null), results: () => null, items: () => facts.items(id) };
  }
  return runScope({
    run: runValueOf(run),
    env: facts.env,
    now,
    inputs: () => facts.inputs(run.id),
    trigger: () => (run.trigger_kind === 'manual' ? manualTrigger(run.created_at) : facts.trigger(run.id)),
    vars: () => facts.vars(run.id),
    steps: results,
  });
}

/** What expressions see as `run`. */
export function runValueOf(run: Pick<RunRow, 'id' | 'workflow' | 'created_at' | 'error'>): JsonObject {
  return {
    id: formatRunId(run.id),
    workflow: run.workflow,
    'created-at': new Date(run.created_at).toISOString(),
    error: run.error === null ? null : (JSON.parse(run.error) as Json),
  };
}
