import type { JobError } from '../../schemas/protocol/shape.ts';
import { isStepEnded, type StepState } from '../../schemas/protocol/id.ts';
import { usesStatusFunction } from '../../schemas/workflow/expression/expression.ts';
import type { Step } from '../../schemas/workflow/model.ts';

/** What the status functions of an `if` look at: how the steps before this one ended. */
export type PriorStatus = 'success' | 'failure' | 'cancelled';

export type StepMove =
  | { readonly id: string; readonly kind: 'start' | 'skip' }
  | { readonly id: string; readonly kind: 'fail'; readonly error: JobError };

/** Decides a step's `if`. */
export type Condition = (step: Step, status: PriorStatus) => boolean | JobError;

/**
 * What the waiting steps of one group (`steps`, or `on-failure`) do next. Only needs within the group decide: a step of
 * `on-failure` that looks at a failed step isn't skipped for it. One pass; what it starts or skips may let others continue,
 * so callers repeat it until nothing moves.
 */
export function planSteps(group: Readonly<Record<string, Step>>, states: ReadonlyMap<string, StepState>, condition: Condition): StepMove[] {
  const moves: StepMove[] = [];
  for (const step of Object.values(group)) {
    if (states.get(step.id) !== 'waiting') continue;
    const needs = step.needs.filter((id) => Object.hasOwn(group, id));
    if (!needs.every((id) => isStepEnded(states.get(id) ?? 'waiting'))) continue;
    moves.push(decide(step, needs, group, states, condition));
  }
  return moves;
}

/** Steps that need one of these, directly or through others. */
export function dependentsOf(group: Readonly<Record<string, Step>>, ids: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  for (let before = -1; found.size > before; ) {
    before = found.size;
    for (const { id, needs } of Object.values(group)) {
      if (needs.some((need) => ids.has(need) || found.has(need))) found.add(id);
    }
  }
  return found;
}

function decide(
  step: Step,
  needs: readonly string[],
  group: Readonly<Record<string, Step>>,
  states: ReadonlyMap<string, StepState>,
  condition: Condition,
): StepMove {
  const { id } = step;
  const allSucceeded = needs.every((need) => states.get(need) === 'succeeded');
  if (step.if === undefined) return { id, kind: allSucceeded ? 'start' : 'skip' };
  // As in GitHub Actions: an `if` is behind `success() &&` unless it asks for the status itself.
  if (!allSucceeded && !usesStatusFunction(step.if)) return { id, kind: 'skip' };
  const decided = condition(step, priorStatus(needs, group, states));
  if (typeof decided === 'object') return { id, kind: 'fail', error: decided };
  return { id, kind: decided ? 'start' : 'skip' };
}

/** How the steps that `needs` names ended, and all before them. */
export function priorStatus(needs: readonly string[], group: Readonly<Record<string, Step>>, states: ReadonlyMap<string, StepState>): PriorStatus {
  const seen = new Set<string>();
  let status: PriorStatus = 'success';
  const visit = (id: string): void => {
    if (seen.has(id)) return;
    seen.add(id);
    const state = states.get(id);
    if (state === 'failed') status = 'failure';
    else if (state === 'cancelled' && status === 'success') status = 'cancelled';
    for (const need of group[id]?.needs ?? []) if (Object.hasOwn(group, need)) visit(need);
  };
  for (const need of needs) visit(need);
  return status;
}
