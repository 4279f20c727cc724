import type { RunSummary, StepView } from '../../schemas/protocol/run.ts';
import type { JobCounts } from '../../schemas/protocol/shape.ts';
import { formatDuration, formatSpan } from '../../schemas/wording/amount.ts';
import { pagesMessage } from '../../schemas/wording/page.ts';
import { childRunsMessage, childStateMessages } from '../../schemas/wording/run.ts';
import { formatAge, say, textOf, toldText } from './language.ts';
import { oneLine } from './outside-text.ts';
import { stateText, stateTitle } from './state-look.ts';

/** What a child run is known by below the run that started it: its item's key, if it has one. */
export function childRunName({ id, workflow, trigger: { key } }: RunSummary): string {
  return key === undefined ? `${workflow} ${id}` : oneLine(key, 80);
}

/** `onboard r5 · running · 40 of 100 · 2 dead · 3m ago` */
export function childRunDescription(run: RunSummary, nowMs: number): string {
  const description = runDescription(run, nowMs);
  return run.trigger.key === undefined ? description : `${run.workflow} ${run.id} · ${description}`;
}

/** `running · 40 of 100 · 2 dead · 3m ago` */
export function runDescription(run: RunSummary, nowMs: number): string {
  const parts = [stateText(run.state), ...countParts(run.jobs, run.state === 'running')];
  parts.push(...noteParts(run));
  if (run.queued === true) parts.push(say('waits for other runs'));
  if (run.heldAfter !== undefined) parts.push(say('the rest waits for you'));
  if (run.closing) parts.push(say('on-failure steps continue'));
  parts.push(formatAge(run.endedAt ?? run.createdAt, nowMs));
  return parts.join(' · ');
}

export function runLabel(run: RunSummary, nowMs: number): string {
  return [say('run {run} of {workflow}', { run: run.id, workflow: run.workflow }), stateText(run.state), ...countParts(run.jobs, true), ...noteParts(run), formatAge(run.endedAt ?? run.createdAt, nowMs)].join(', ');
}

/** `at` writes times: as ages in what is drawn again and again, else as they are. */
export function runFacts(run: RunSummary, at: (time: string) => string): readonly (readonly [name: string, value: string])[] {
  const { jobs } = run;
  const facts: (readonly [string, string])[] = [
    [say('Run'), `${run.id}, ${run.workflow}`],
    [say('State'), stateTitle(run.state)],
    [say('Started'), at(run.createdAt)],
    [say('Jobs'), say('{total} in all, {succeeded} succeeded, {open} open, {dead} dead', { total: jobs.total, succeeded: jobs.succeeded, open: jobs.open, dead: jobs.dead })],
  ];
  if (run.trigger.run !== undefined) facts.push([say('Started by'), [run.trigger.run, ...(run.trigger.job === undefined ? [] : [run.trigger.job]), ...(run.trigger.key === undefined ? [] : [oneLine(run.trigger.key, 80)])].join(', ')]);
  if (run.children !== undefined) facts.push([textOf(childRunsMessage(run.children)), childStateMessages(run.children).map(textOf).join(', ')]);
  if (run.duplicates > 0) facts.push([say('Duplicates'), say('{duplicates} left out, because an earlier item has the same key', { duplicates: run.duplicates })]);
  if (run.warnings > 0) facts.push([say('Warnings'), say('{warnings} succeeded, and should be looked at', { warnings: run.warnings })]);
  if (run.heldAfter !== undefined) facts.push([say('Waits'), say('the first {heldAfter} items were tried; "Run the Rest" lets the others go', { heldAfter: run.heldAfter })]);
  if (run.queued === true) facts.push([say('Waits'), run.concurrencyKey === '' ? say('for other runs of the workflow to end') : say('for other runs with the key {key} to end', { key: oneLine(run.concurrencyKey ?? '', 60) })]);
  if (run.endedAt !== undefined) facts.push([say('Took'), formatDuration(Date.parse(run.endedAt) - Date.parse(run.createdAt))]);
  if (run.error !== undefined) facts.push([say('Error'), oneLine(run.error.step === undefined ? toldText(run.error) : `${run.error.step}: ${toldText(run.error)}`)]);
  return facts;
}

export function stepDescription(step: StepView): string {
  const parts = [stateText(step.state)];
  if (step.foreach) parts.push(...countParts(step.jobs, step.state === 'running'));
  if (step.pages !== undefined && step.state !== 'waiting' && step.state !== 'skipped') parts.push(textOf(pagesMessage(step.pages)));
  parts.push(...noteParts(step));
  if (step.onFailure) parts.push(say('on failure'));
  if (step.error !== undefined && step.state === 'failed') parts.push(oneLine(step.error.cause, 60));
  return parts.join(' · ');
}

/** What a run or a step that looks good may hide. */
function noteParts({ duplicates, warnings }: { readonly duplicates: number; readonly warnings: number }): string[] {
  return [
    ...(duplicates > 0 ? [say('{count, plural, one {# duplicate left out} other {# duplicates left out}}', { count: duplicates })] : []),
    ...(warnings > 0 ? [say('{count, plural, one {# warning} other {# warnings}}', { count: warnings })] : []),
  ];
}

function countParts({ total, open, dead }: JobCounts, showsProgress: boolean): string[] {
  const parts: string[] = [];
  if (showsProgress && total > 1) parts.push(say('{done} of {total}', { done: total - open, total }));
  if (dead > 0) parts.push(say('{dead} dead', { dead }));
  return parts;
}

/** `r12 failed 3m ago`, `r13 running for 2m, 40 of 100` */
export function runLens({ id, state, createdAt, endedAt, jobs }: RunSummary, nowMs: number): string {
  const told = { run: id, state: stateText(state) };
  if (state !== 'running') return say('{run} {state} {age}', { ...told, age: formatAge(endedAt ?? createdAt, nowMs) });
  const going = { ...told, duration: formatSpan(nowMs - Date.parse(createdAt)) };
  return jobs.total > 1 ? say('{run} {state} for {duration}, {done} of {total}', { ...going, done: jobs.total - jobs.open, total: jobs.total }) : say('{run} {state} for {duration}', going);
}

/** `r12: succeeded in 3m 20s`, `r12: failed · 2 dead · 503 Service Unavailable` */
export function stepLens(run: string, step: StepView): string {
  const told = { run, step: stepDescription(step) };
  if (step.state !== 'succeeded' || step.startedAt === undefined || step.endedAt === undefined) return say('{run}: {step}', told);
  return say('{run}: {step} in {duration}', { ...told, duration: formatDuration(Date.parse(step.endedAt) - Date.parse(step.startedAt)) });
}

/** What is shown at the line of a step that has dead letters; undefined if it has none. */
export function stepFailureText(run: string, step: StepView): string | undefined {
  const { jobs, error, state } = step;
  if (jobs.dead === 0 && (state !== 'failed' || error === undefined)) return undefined;
  const told = { run, failure: failureOf(step) };
  return error === undefined ? say('{run}: {failure}', told) : say('{run}: {failure} {cause}', { ...told, cause: toldText(error) });
}

function failureOf({ jobs, foreach, pages }: StepView): string {
  if (jobs.dead === 0) return say('It failed.');
  // No page is made before the one in front of it was read.
  if (pages !== undefined) return say('Page {page} is a dead letter.', { page: jobs.total });
  return foreach ? say('{count, plural, one {# of {total} jobs is a dead letter.} other {# of {total} jobs are dead letters.}}', { count: jobs.dead, total: jobs.total }) : say('Its job is a dead letter.');
}
