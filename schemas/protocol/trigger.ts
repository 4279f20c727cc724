import { Type, type Static } from 'typebox';
import { JobId, RunId, Time, Wording } from './shape.ts';
import { missedPolicies } from '../workflow/model.ts';

/** What can start a run: a person or a program by `run/start`, a time of a schedule, an incoming webhook, a step of another run. */
export const triggerKinds = ['manual', 'schedule', 'webhook', 'workflow'] as const;
export type TriggerKind = (typeof triggerKinds)[number];

/** What started a run, as lists show it. Expressions see more of it, as `trigger`. */
export const RunTrigger = Type.Object({
  kind: Type.Enum(triggerKinds),
  scheduledAt: Type.Optional({ ...Time, description: 'With `schedule`: the time that it was due.' }),
  delivery: Type.Optional(Type.String({ description: 'With `webhook`: the delivery, such as `d12`.' })),
  run: Type.Optional({ ...RunId, description: 'With `workflow`: the run whose step started it.' }),
  job: Type.Optional({ ...JobId, description: 'With `workflow`: the job of that step.' }),
  key: Type.Optional(Type.String({ description: "With `workflow`: the key of that job's item, if it has one." })),
});
export type RunTrigger = Static<typeof RunTrigger>;

/** The longest key of a run, in characters. */
export const maxRunKey = 200;

/** Keys that Sluice makes itself begin with `@`, and nobody else's may. */
const runKeyPattern = '^[^@\\u0000-\\u001f][^\\u0000-\\u001f]*$';

export function isRunKey(text: string): boolean {
  return text.length <= maxRunKey && new RegExp(runKeyPattern, 'u').test(text);
}

export const RunKey = Type.String({
  minLength: 1,
  maxLength: maxRunKey,
  pattern: runKeyPattern,
  description: 'A second start of the workflow with the same key starts nothing: the answer is the run that the first one started, until that run is deleted.',
});

export const ScheduleId = Type.String({ pattern: '^s[1-9][0-9]{0,15}$', description: 'A schedule: `s3`.' });

/** A schedule as lists show it. */
export const ScheduleView = Type.Object({
  id: ScheduleId,
  workflow: Type.String(),
  cron: Type.String({ description: 'Five fields.' }),
  timezone: Type.String({ description: 'IANA name.' }),
  missed: Type.Enum(missedPolicies),
  withinMs: Type.Integer({ description: 'How late a missed time may still start a run.' }),
  paused: Type.Boolean(),
  next: Type.Array(Time, { description: 'Its next five times. If it is paused: when it would start runs.' }),
  endedAt: Type.Optional({ ...Time, description: 'Since then no file has it as it is: it was edited or removed. It still starts what was due until then, and is then forgotten.' }),
  last: Type.Optional(Type.Object({ scheduledAt: Time, run: RunId }, { description: 'The last time that started a run.' })),
  missedCount: Type.Integer({ description: 'Times since then that started nothing. Counted to 1,000 at a time.' }),
  missedAt: Type.Optional({ ...Time, description: 'The last of them.' }),
  missedReason: Type.Optional(Type.String({ description: 'Why the last of them started nothing. Omitted if it was missed because no daemon ran.' })),
  missedReasonWording: Wording,
  problem: Type.Optional(Type.String({ description: 'Why it can start nothing as things are now.' })),
  problemWording: Wording,
});
export type ScheduleView = Static<typeof ScheduleView>;

export function formatScheduleId(id: number): string {
  return `s${id}`;
}

/** The number of `s3`; undefined for anything else. */
export function parseScheduleId(text: string): number | undefined {
  return /^s[1-9][0-9]{0,15}$/.test(text) ? Number(text.slice(1)) : undefined;
}
