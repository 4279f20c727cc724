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
    else if (facts !== undefined) asks.push(...resultsReadNext(facts, snapshot));
  }
  return asks;
}

/** What the expressions of the steps that may start now refer to. Whatever else they turn out to read is missed, and asked for, when they read it. */
function resultsReadNext({ run, steps }: RunFacts, snapshot: Snapshot): Ask[] {
  const workflow = snapshot.find('workflow', run.version);
  if (workflow === notKnown || workflow === undefined) return [];
  const asks: Ask[] = [];
  const rows = new Map(steps.map((row) => [row.name, row]));
  for (const row of steps) {
    const step = row.state === 'waiting' ? (workflow.steps[row.name] ?? workflow.onFailure[row.name]) : undefined;
    if (step === undefined || !step.needs.every((need) => hasEnded(rows.get(need)))) continue;
    for (const { path } of referencesAtStart(step)) {
      const [first, name, what] = path;
      const read = first === 'steps' && (what === 'output' || what === 'results') ? rows.get(String(name)) : undefined;
      if (read === undefined || (what !== 'output' && what !== 'results')) continue;
      if (snapshot.find(what, read.id) === notKnown) asks.push({ kind: what, key: read.id });
    }
  }
  return asks;
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
