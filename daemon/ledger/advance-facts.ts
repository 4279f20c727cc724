import { isStepEnded } from '../../schemas/protocol/id.ts';
import type { Reference } from '../../schemas/workflow/expression/reference.ts';
import type { Step } from '../../schemas/workflow/model.ts';
import { referencesOf } from '../../schemas/workflow/template.ts';
import { openJobs, type StepTally } from '../core/step-outcome.ts';
import type { StepProgress } from './call.ts';
import type { StepRow } from './row.ts';
import { notKnown, type Ask, type RunFacts, type Snapshot } from './snapshot.ts';

export interface AdvanceParams {
  readonly steps: ReadonlyMap<number, StepProgress>;
  readonly now: number;
}

/** What it takes to move runs on, whatever comes of it: asked for together, before anything is decided. */
export function factsOfAdvance({ steps }: AdvanceParams, snapshot: Snapshot): Ask[] {
  const asks: Ask[] = [];
  for (const [stepId, progress] of steps) {
    const step = progress.runId === undefined ? snapshot.find('step', stepId) : undefined;
    if (step === notKnown) asks.push({ kind: 'step', key: stepId });
    const runId = progress.runId ?? (step !== undefined && step !== notKnown && mayMove(step, progress) ? step.run_id : undefined);
    if (runId === undefined) continue;
    const facts = snapshot.find('run', runId);
    if (facts === notKnown) asks.push({ kind: 'run', key: runId });
    else if (facts !== undefined) asks.push(...resultsReadNext(facts, snapshot), ...waitEndedBy(facts, snapshot));
  }
  return asks;
}

/** What the expressions of the steps that may start now refer to, or those of the outputs of a run that ends. Whatever else they turn out to read is missed, and asked for, when they read it. */
function resultsReadNext({ run, steps }: RunFacts, snapshot: Snapshot): Ask[] {
  const workflow = snapshot.find('workflow', run.version);
  if (workflow === notKnown || workflow === undefined) return [];
  const asks: Ask[] = [];
  const references: Reference[] = [];
  const rows = new Map(steps.map((row) => [row.name, row]));
  for (const row of steps) {
    const step = row.state === 'waiting' ? (workflow.steps[row.name] ?? workflow.onFailure[row.name]) : undefined;
    if (step === undefined || !step.needs.every((need) => hasEnded(rows.get(need)))) continue;
    references.push(...referencesAtStart(step));
  }
  if (endsNext(steps)) references.push(...Object.values(workflow.outputs).flatMap(referencesOf));
  for (const { path } of references) {
    const [first, name, what] = path;
    const ofRun = first === 'inputs' || first === 'vars' ? first : first === 'trigger' && run.trigger_kind !== 'manual' ? first : undefined;
    if (ofRun !== undefined && snapshot.find(ofRun, run.id) === notKnown) asks.push({ kind: ofRun, key: run.id });
    const read = first === 'steps' && (what === 'output' || what === 'results' || what === 'items') ? rows.get(String(name)) : undefined;
    if (read === undefined || (what !== 'output' && what !== 'results' && what !== 'items')) continue;
    // The output of pages is in the step's row.
    if ((what === 'items') !== (read.pages !== null)) continue;
    if (snapshot.find(what, read.id) === notKnown) asks.push({ kind: what, key: read.id });
  }
  return asks;
}

/** The job that waits for a run that ends: one at a time, each would have the whole batch decided again. */
function waitEndedBy({ run: { parent_job: job }, steps }: RunFacts, snapshot: Snapshot): Ask[] {
  if (job === null || !endsNext(steps)) return [];
  return (['job', 'wait'] as const).flatMap((kind) => (snapshot.find(kind, job) === notKnown ? [{ kind, key: job }] : []));
}

/** Whether none of its main steps is under way or to come, so that the run ends. */
function endsNext(steps: readonly StepRow[]): boolean {
  return steps.every((step) => step.on_failure === 1 || hasEnded(step));
}

function hasEnded(step: StepRow | undefined): boolean {
  return step !== undefined && (isStepEnded(step.state) || (step.state === 'running' && step.expanded === 1 && openJobs(tallyOf(step)) === 0));
}

/** Items, and the payloads of their jobs, are rendered later. */
function referencesAtStart(step: Step): readonly Reference[] {
  const { source } = step.foreach ?? {};
  const template = source === undefined ? referencesOf(step.with) : source.kind === 'file' ? referencesOf(source.file) : [];
  return [...(step.if?.references ?? []), ...template];
}

/** Most outcomes are one of many of their step, and move nothing. */
export function mayMove(step: StepRow, { dead, look }: StepProgress): boolean {
  return openJobs(tallyOf(step)) === 0 || dead || look || step.state !== 'running';
}

export function tallyOf(step: StepRow): StepTally {
  return {
    total: step.total,
    succeeded: step.succeeded,
    dead: step.dead,
    cancelled: step.cancelled,
    discarded: step.discarded,
    expanded: step.expanded === 1,
  };
}
