import { isStepEnded } from '../../schemas/protocol/id.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import type { Step, Workflow } from '../../schemas/workflow/model.ts';
import type { Template } from '../../schemas/workflow/template.ts';
import type { RunRow } from './row.ts';
import type { RunFacts } from './snapshot.ts';

/** Whether steps of it can still come to wait for something. */
export function isUnderWay(run: Pick<RunRow, 'state' | 'on_failure_state'>): boolean {
  return run.state === 'running' || run.on_failure_state === 'running';
}

/** The names that steps of a run wait for, or are going to; undefined if an expression gives one of them, so that any name could be one. */
export function expectedSignals({ run, steps }: RunFacts, workflow: Workflow): readonly string[] | undefined {
  const isOpen = isUnderWay(run);
  const rows = steps.filter(({ uses, state }) => uses === 'wait/signal' && (!isStepEnded(state) || !isOpen));
  const names = rows.map(({ name }) => nameOf(workflow.steps[name] ?? workflow.onFailure[name]));
  const known = names.filter((name) => name !== undefined);
  return known.length === names.length ? known : undefined;
}

/** What a workflow says of a signal, as far as no expression gives it. */
export interface DeclaredSignal {
  readonly step: string;
  /** See `wait/signal`. */
  readonly payload?: JsonObject;
  readonly question?: string;
}

/** The first step that waits for a name; undefined if none has it written out. */
export function declaredSignal({ steps, onFailure }: Workflow, name: string): DeclaredSignal | undefined {
  const step = Object.values({ ...steps, ...onFailure }).find((one) => one.uses === 'wait/signal' && nameOf(one) === name);
  if (step === undefined) return undefined;
  const payload = literalAt(step.with, 'payload');
  const question = literalAt(step.with, 'question');
  return { step: step.id, ...(isJsonObject(payload) ? { payload } : {}), ...(typeof question === 'string' ? { question } : {}) };
}

function nameOf(step: Step | undefined): string | undefined {
  const name = step && literalAt(step.with, 'name');
  return typeof name === 'string' ? name : undefined;
}

/** Undefined if an expression gives it, or nothing does. */
function literalAt(template: Template, key: string): Json | undefined {
  if (template.kind === 'literal') return isJsonObject(template.value) && Object.hasOwn(template.value, key) ? template.value[key] : undefined;
  const entry = template.kind === 'map' ? template.entries.find(([name]) => name === key)?.[1] : undefined;
  return entry?.kind === 'literal' ? entry.value : undefined;
}
