import type { QuickPickItem } from 'vscode';
import type { FoundItems, RunPreview, StepPreview } from '../../schemas/protocol/run.ts';
import { concurrencyMessage } from '../../schemas/wording/run.ts';
import { foundItemsMessage } from '../../schemas/wording/found-items.ts';
import { oneLine } from '../wording/outside-text.ts';
import { formatRates, say, textOf } from '../wording/language.ts';
import { forecastCauseText, forecastText } from '../wording/queue.ts';
import { fieldText, type InputField } from './input-fields.ts';
import type { RunInputs } from './run-inputs.ts';

/** How many items a run tries first. */
export const triedFirst = 5;

/** What a person can do with a run that is about to start. */
export type LaunchChoice =
  | { readonly kind: 'run' | 'try' | 'back' }
  | { readonly kind: 'field'; readonly field: InputField }
  | { readonly kind: 'payload'; readonly step: StepPreview }
  /** A row that only tells something. */
  | { readonly kind: 'none' };

export interface LaunchItem extends QuickPickItem {
  readonly choice: LaunchChoice;
}

export interface LaunchFacts {
  readonly fields: readonly InputField[];
  readonly inputs: RunInputs;
  /** Or why there is none. */
  readonly preview: RunPreview | { readonly problem: string };
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** `QuickPickItemKind.Separator`. */
  readonly separator: QuickPickItem['kind'];
}

/** What a run would do, and what can be decided about it, as rows to choose from. Without a preview there is nothing to run. */
export function launchItems({ fields, inputs, preview, nowMs, separator }: LaunchFacts): readonly LaunchItem[] {
  const items: LaunchItem[] = [];
  const group = (label: string): void => void items.push({ label, ...(separator === undefined ? {} : { kind: separator }), choice: { kind: 'none' } });
  const { files: found = {} } = 'problem' in preview ? {} : preview;
  const { problem, steps } = 'problem' in preview ? { problem: preview.problem, steps: [] } : { problem: undefined, steps: preview.steps };
  if (problem === undefined) {
    items.push({ label: `$(play) ${say('Run')}`, description: jobsText(jobsOf(steps)), choice: { kind: 'run' } });
    const rest = restAfterTrial(steps);
    if (rest > 0) {
      items.push({
        label: `$(beaker) ${say('Try the First {count}', { count: triedFirst })}`,
        description: say('{count, plural, =1 {the other one waits until you let it go} other {the other # wait until you let them go}}', { count: rest }),
        choice: { kind: 'try' },
      });
    }
    const { concurrency } = 'problem' in preview ? {} : preview;
    const gate = concurrency === undefined ? undefined : concurrencyMessage(concurrency);
    if (gate !== undefined) items.push({ label: `$(warning) ${textOf(gate)}`, choice: { kind: 'none' } });
  } else {
    items.push({ label: `$(error) ${oneLine(problem, 300)}`, choice: { kind: 'none' } });
  }
  if (fields.length > 0) items.push({ label: `$(arrow-left) ${say('Back')}`, choice: { kind: 'back' } });
  if (steps.length > 0) group(say('what it does'));
  for (const step of steps) items.push(...stepItems(step, inputs, fields, nowMs));
  if (!('problem' in preview) && preview.later.length > 0) items.push({ label: `$(debug-step-over) ${say('Afterwards')}`, description: preview.later.join(', '), choice: { kind: 'none' } });
  if (fields.length > 0) group(say('inputs; choose one to change it'));
  for (const field of fields) {
    items.push({
      label: field.name,
      description: shownValue(field, inputs, found[field.name]),
      ...(field.description === undefined ? {} : { detail: oneLine(field.description) }),
      choice: { kind: 'field', field },
    });
  }
  return items;
}

/** How many jobs wait after the first items of each `foreach` have been tried. */
export function restAfterTrial(steps: readonly StepPreview[]): number {
  return steps.reduce((sum, { foreach, jobs }) => sum + (foreach ? Math.max(0, jobs - triedFirst) : 0), 0);
}

/** What is typed unseen isn't shown either. */
export function payloadShown(payload: unknown, { values }: RunInputs, fields: readonly InputField[]): string {
  let text = JSON.stringify(payload, null, 2);
  for (const { name, isSecret } of fields) {
    const value = values[name];
    if (!isSecret || typeof value !== 'string' || value === '') continue;
    text = text.replaceAll(JSON.stringify(value).slice(1, -1), '••••');
  }
  return text;
}

export function shownValue(field: InputField, { values, files }: RunInputs, found?: FoundItems): string {
  const file = files[field.name];
  if (file !== undefined) return found === undefined ? say('from {file}', { file }) : say('from {file}: {found}', { file, found: oneLine(textOf(foundItemsMessage(found)), 200) });
  const value = values[field.name];
  if (value !== undefined) return field.isSecret ? '••••' : oneLine(fieldText(field, value), 80);
  return field.fallback === undefined ? say('not given') : say('{value} (default)', { value: oneLine(fieldText(field, field.fallback), 80) });
}

function stepItems(step: StepPreview, inputs: RunInputs, fields: readonly InputField[], nowMs: number): readonly LaunchItem[] {
  const none = { kind: 'none' } as const;
  const name = `${step.step} (${step.uses})`;
  if (step.problem !== undefined) return [{ label: `$(error) ${name}`, description: say('would fail'), detail: oneLine(step.problem, 300), choice: none }];
  if (step.skipped) return [{ label: `$(debug-step-over) ${name}`, description: say('is skipped: its `if` is false'), choice: none }];
  const items: LaunchItem[] = [{ label: `$(list-unordered) ${say('{step}: {jobs}', { step: step.step, jobs: jobsText(step.jobs) })}`, description: queueText(step), detail: paceText(step, nowMs), choice: none }];
  if (step.found !== undefined) items.push({ label: `$(file) ${oneLine(textOf(foundItemsMessage(step.found)), 200)}`, choice: none });
  if (step.duplicates > 0) {
    const named = step.duplicateKeys.map((key) => oneLine(key, 40)).join(', ') + (step.duplicates > step.duplicateKeys.length ? ', …' : '');
    const label = say('{count, plural, one {# duplicate is left out} other {# duplicates are left out}}', { count: step.duplicates });
    items.push({ label: `$(copy) ${label}`, description: named, choice: none });
  }
  if (step.unusable > 0) {
    const label = say('{count, plural, one {# item becomes a dead letter} other {# items become dead letters}}', { count: step.unusable });
    items.push({ label: `$(warning) ${label}`, detail: oneLine(step.first?.problem ?? say('Its key can not be used.'), 300), choice: none });
  }
  const { first } = step;
  if (first !== undefined && first.problem === undefined) {
    const label = first.key === undefined ? say('The first call, as it is sent') : say('The first call, as it is sent: {key}', { key: oneLine(first.key, 60) });
    const shown = first.payload === undefined ? say('({size} characters)', { size: first.size ?? 0 }) : oneLine(payloadShown(first.payload, inputs, fields), 140);
    items.push({ label: `$(json) ${label}`, detail: shown, choice: first.payload === undefined ? none : { kind: 'payload', step } });
  }
  return items;
}

function jobsOf(steps: readonly StepPreview[]): number {
  return steps.reduce((sum, { jobs }) => sum + jobs, 0);
}

function jobsText(count: number): string {
  return say('{count, plural, one {# job} other {# jobs}}', { count });
}

function queueText({ queue, rate, rates, concurrency, paused }: StepPreview): string {
  return [
    say('queue {queue}', { queue }),
    ...(paused ? [say('paused')] : []),
    rate === undefined ? say('no rate limit') : formatRates(rates ?? [rate]),
    say('{concurrency} at a time', { concurrency }),
  ].join(' · ');
}

function paceText({ ahead, forecast }: StepPreview, nowMs: number): string {
  const waits = ahead === 0 ? [] : [say('{count, plural, one {# job waits before them} other {# jobs wait before them}}', { count: ahead })];
  const ends = forecast.state === 'unknown' ? say('when it ends is known once some are done') : forecast.state === 'idle' ? [] : `${forecastText(forecast)} (${forecastCauseText(forecast, nowMs)})`;
  return [...waits, ...(typeof ends === 'string' ? [ends] : ends)].join(' · ');
}
