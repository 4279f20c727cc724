import { Type, type Static } from 'typebox';
import { missedPolicies } from '../workflow/model.ts';
import { RunId, Time } from './shape.ts';

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
  last: Type.Optional(Type.Object({ scheduledAt: Time, run: RunId }, { description: 'The last time that started a run.' })),
  missedCount: Type.Integer({ description: 'Times since then that started nothing. Counted to 1,000 at a time.' }),
  missedAt: Type.Optional({ ...Time, description: 'The last of them.' }),
  problem: Type.Optional(Type.String({ description: 'Why the last time started nothing, or why none does now.' })),
});
export type ScheduleView = Static<typeof ScheduleView>;

export function formatScheduleId(id: number): string {
  return `s${id}`;
}

/** The number of `s3`; undefined for anything else. */
export function parseScheduleId(text: string): number | undefined {
  return /^s[1-9][0-9]{0,15}$/.test(text) ? Number(text.slice(1)) : undefined;
}
