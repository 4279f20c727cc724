import type { TriggerKind } from '../../protocol/trigger.ts';
import type { Triggers } from '../model.ts';
import type { InputsSchema } from './input-schema.ts';
import type { MapReader } from './map-reader.ts';
import { readSchedules } from './schedule-analysis.ts';
import type { TemplateReader } from './template-reader.ts';
import { type AnalysedWebhook, readWebhook } from './webhook-analysis.ts';

/** What `on` says. `kinds`: what can start a run, also where its declaration has errors. */
export interface AnalysedTriggers {
  readonly kinds: readonly TriggerKind[];
  readonly model: Triggers;
  readonly webhook?: AnalysedWebhook;
}

export const noTriggers: AnalysedTriggers = { kinds: ['manual', 'workflow'], model: { schedules: [] } };

/** Reads and checks `on`. */
export function readTriggers(root: MapReader, templates: TemplateReader, inputs: InputsSchema): AnalysedTriggers {
  const entry = root.entry('on');
  if (entry === undefined) return noTriggers;
  // `on: manual` and `on:` say what holds anyway.
  if (entry.value.kind === 'scalar' && (entry.value.value === null || entry.value.value === 'manual')) return noTriggers;
  const reader = root.map('on', { what: "'on'", keys: ['manual', 'schedule', 'webhook'] });
  if (reader === undefined) return noTriggers;
  // Runs of a version that was kept have been started.
  const schedules = reader.report.isKept ? [] : readSchedules(reader, templates, inputs);
  const webhook = reader.report.isKept ? undefined : readWebhook(reader, templates, inputs);
  return {
    kinds: ['manual', ...(reader.has('schedule') ? ['schedule' as const] : []), ...(reader.has('webhook') ? ['webhook' as const] : []), 'workflow'],
    model: { schedules, ...(webhook?.trigger === undefined ? {} : { webhook: webhook.trigger }) },
    ...(webhook === undefined ? {} : { webhook }),
  };
}
